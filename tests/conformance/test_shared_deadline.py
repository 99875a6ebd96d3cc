"""Guests on two executors share the deadline of the outermost call."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from time import monotonic

import pytest
from arora_wasmtime.executor import WasmtimeExecutor

from arora_core import Engine, Limits, buffers
from arora_core import values as v
from arora_core.conformance import wasm_guest
from arora_core.conformance.guests import Guest
from arora_core.conformance.subject import only
from arora_core.errors import LimitExceeded
from arora_core.executor import Executor

from .reference import ReferenceExecutor

_PAIRS = [
    pytest.param(pair, id="-".join(each.name for each in pair))
    for pair in permutations([WasmtimeExecutor, ReferenceExecutor])
]
_SOON = 0.5
"""Seconds. Long enough for a busy machine to load a module in, which counts too."""


@pytest.fixture
def engine(pair: tuple[type[Executor], type[Executor]]) -> Iterator[Engine]:
    with Engine(plugins=only(*pair)) as made:
        yield made


@pytest.fixture
def guest() -> Guest:
    return wasm_guest()


@pytest.mark.parametrize("pair", _PAIRS)
def test_a_guest_on_another_executor_has_until_the_deadline_of_its_caller(
    engine: Engine, guest: Guest, pair: tuple[type[Executor], type[Executor]]
) -> None:
    first, second = (each.name for each in pair)
    caller = engine.load_module(guest.definition(0), executor=first, limits=Limits(deadline=_SOON))
    called = engine.load_module(guest.definition(1), executor=second, limits=Limits(deadline=20 * _SOON))
    work = next(each for each in guest.header().exports if each.name == "work")
    argument = buffers.encode(v.Structure(work.id, [(work.parameters[0].id, v.U64(1 << 32))]))
    began = monotonic()
    with pytest.raises(LimitExceeded, match=rf"deadline of {_SOON} s") as caught:
        caller.forward(called.id, work.id, argument)
    assert caught.value.limit == "deadline"
    assert monotonic() - began < 10 * _SOON
    assert [caller.add(1, 2), called.add(1, 2)] == [3, 3]
