"""``Limits.result``, on every executor: results beyond it are refused before they are copied, and nothing else is."""

from __future__ import annotations

import tracemalloc

import pytest

from arora_core import Engine, LimitExceeded, Limits, LoadedModule, buffers
from arora_core import values as v
from arora_core.conformance.guests import id_of
from tests.engine.guest_calls import argument, forward
from tests.engine.guest_runners import GuestRunner
from tests.public_calls import unchecked_calls_only

MOST = 1000
FILL = id_of(0x5900)


@pytest.fixture
def limited(engine: Engine, runner: GuestRunner) -> LoadedModule:
    return engine.load_module(runner.definition(), executor=runner.executor, limits=Limits(result=MOST))


def filled(size: int) -> bytes:
    """Return the argument for ``fill`` that makes the guest return so many bytes in an array."""
    return argument(FILL, (id_of(0x5901), v.U32(size)), (id_of(0x5902), v.U8(7)))


def test_a_result_up_to_the_limit_is_returned(engine: Engine, limited: LoadedModule) -> None:
    overhead = len(engine.dispatch(limited.id, FILL, filled(100))) - 100
    size = MOST - overhead
    assert limited.fill(size, 7) == b"\7" * size
    assert len(engine.dispatch(limited.id, FILL, filled(size))) == MOST
    assert limited.echo_u8s(bytes(range(200)) * 4) == bytes(range(200)) * 4


def test_a_result_of_one_byte_more_is_refused_with_both_figures(engine: Engine, limited: LoadedModule) -> None:
    overhead = len(engine.dispatch(limited.id, FILL, filled(100))) - 100
    message = "conformance.fill: returned a buffer of 1001 bytes, the limit of its results is 1000 bytes"
    with pytest.raises(LimitExceeded, match=message) as caught:
        limited.fill(MOST - overhead + 1, 7)
    assert caught.value.limit == "result"
    assert limited.add(1, 2) == 3


def test_the_result_of_a_large_argument_is_held_to_it_as_well(limited: LoadedModule) -> None:
    assert limited.checksum(bytes(100_000)) is not None
    with pytest.raises(LimitExceeded, match="returned a buffer of 1000"):
        limited.echo_u8s(bytes(100_000))


def test_a_module_is_held_to_it_in_nested_calls_and_others_are_not(
    engine: Engine, runner: GuestRunner, limited: LoadedModule
) -> None:
    caller = runner.load(engine, 1)
    assert len(caller.fill(2000, 7)) == 2000
    answer = forward(caller, limited.id, FILL, filled(2000))
    assert "the limit of its results is 1000 bytes" in (buffers.error_message(answer) or "")
    assert buffers.error_message(forward(caller, limited.id, FILL, filled(100))) is None


@unchecked_calls_only
def test_refused_results_take_no_memory_of_the_host_and_none_of_the_guest(limited: LoadedModule) -> None:
    size = 4 << 20
    for _ in range(3):
        with pytest.raises(LimitExceeded):
            limited.fill(size, 7)
    tracemalloc.start()
    try:
        for _ in range(40):
            with pytest.raises(LimitExceeded):
                limited.fill(size, 7)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < size / 4
    assert limited.fill(10, 7) == b"\7" * 10
