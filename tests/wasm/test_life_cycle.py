"""The end of an instance."""

from __future__ import annotations

import pytest

from arora_core.errors import EngineClosed, ModuleBusy
from tests.wasm.guests import ANSWER, ARGUMENT, DISPATCH, FORWARD, IDS, RUN, Load, StubHost, guest


def test_closing_twice_is_closing_once(load: Load) -> None:
    instance = load(guest())
    instance.close()
    instance.close()


def test_a_closed_instance_refuses_calls_also_through_what_was_bound_before(load: Load) -> None:
    instance = load(guest())
    function = instance.function(RUN)
    instance.close()
    with pytest.raises(EngineClosed):
        function(ARGUMENT)
    with pytest.raises(EngineClosed):
        instance.dispatch(RUN, ARGUMENT)


def test_an_instance_cannot_be_closed_from_inside_its_own_call(load: Load) -> None:
    def answer(*_: bytes) -> bytes:
        instance.close()
        return ANSWER

    instance = load(guest(FORWARD, imports=DISPATCH, rest=IDS), StubHost(on_dispatch=answer))
    with pytest.raises(ModuleBusy):
        instance.dispatch(RUN, ARGUMENT)
