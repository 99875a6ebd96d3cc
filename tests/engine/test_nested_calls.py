"""Calls made by guests, and the limit of their depth."""

from __future__ import annotations

from uuid import uuid4

import pytest

from arora_core import Engine, LimitExceeded, LoadedModule, buffers
from arora_core import values as v
from arora_core.conformance.guests import id_of
from tests.engine.guest_calls import ADD, A, B, argument, forward
from tests.engine.guest_runners import GuestRunner


def test_a_dispatch_to_an_unknown_module_is_an_error_the_guest_survives(engine: Engine, guest: LoadedModule) -> None:
    missing = uuid4()
    answer = forward(guest, missing, ADD, argument(ADD))
    assert buffers.error_message(answer) == f"no module {missing} is loaded (loaded: conformance)"
    missing_function = forward(guest, guest.id, missing, argument(missing))
    assert "it has no function" in (buffers.error_message(missing_function) or "")


def test_a_trap_in_a_nested_call_is_an_error_to_the_caller(engine: Engine, guest: LoadedModule) -> None:
    answer = forward(guest, guest.id, id_of(0x6100), argument(id_of(0x6100), (id_of(0x6101), v.U32(0))))
    message = buffers.error_message(answer)
    assert message is not None
    assert message.startswith("conformance.malform: ")
    assert guest.add(1, 2) == 3


def chain(guest: LoadedModule, links: int) -> bytes:
    """Return an argument for ``forward`` that makes it call itself ``links`` times before it adds."""
    function, buffer = ADD, argument(ADD, (A, v.U32(1)), (B, v.U32(2)))
    for _ in range(links):
        fields = [
            (id_of(0x8001), v.Uuid(guest.id)),
            (id_of(0x8002), v.Uuid(function)),
            (id_of(0x8003), v.ArrayU8(buffer)),
        ]
        function, buffer = id_of(0x8000), argument(id_of(0x8000), *fields)
    return buffer


def unchained(answer: bytes, links: int) -> bytes:
    """Return the result buffer of the innermost call."""
    for _ in range(links):
        result = buffers.decode(answer)
        assert isinstance(result, v.Structure)
        carried = result.fields[0].value
        assert isinstance(carried, v.ArrayU8)
        answer = carried.raw
    return answer


def test_calls_nest_up_to_the_depth_limit(engine: Engine, guest: LoadedModule) -> None:
    # 63 calls of `forward`, and one of `add` at the end.
    answer = unchained(engine.dispatch(guest.id, id_of(0x8000), chain(guest, 63)), 63)
    assert answer == buffers.encode(v.Structure(ADD, [(ADD, v.U32(3))]))


def test_the_call_beyond_the_depth_limit_returns_an_error(engine: Engine, guest: LoadedModule) -> None:
    answer = unchained(engine.dispatch(guest.id, id_of(0x8000), chain(guest, 64)), 64)
    assert buffers.error_message(answer) == "conformance.add: calls are nested deeper than the limit of 64"
    assert guest.add(1, 2) == 3


def test_the_depth_limit_holds_for_python_between_guests(engine: Engine, guest: LoadedModule) -> None:
    depths: list[int] = []

    def deeper() -> v.Value:
        depths.append(len(depths))
        guest.indirect(registered)
        return v.Unit()

    registered = engine.register_callable(deeper)
    guest.indirect(registered)
    assert len(depths) == 32


def test_the_depth_limit_is_settable(runner: GuestRunner) -> None:
    with Engine(max_depth=1) as engine:
        guest = runner.load(engine)
        assert guest.add(1, 2) == 3
        answer = forward(guest, guest.id, ADD, argument(ADD))
        assert "deeper than the limit of 1" in (buffers.error_message(answer) or "")


def test_exceeding_the_depth_limit_from_the_host_raises_limit_exceeded(engine: Engine) -> None:
    def deeper() -> v.Value:
        return engine.call_indirect(registered)

    registered = engine.register_callable(deeper)
    with pytest.raises(LimitExceeded) as caught:
        engine.call_indirect(registered)
    assert caught.value.limit == "depth"
