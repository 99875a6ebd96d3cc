"""Calls out of a guest, and back into it."""

from __future__ import annotations

import gc

import pytest

from arora_core.errors import Trap
from tests.wasm.guests import ANSWER, ARGUMENT, DISPATCH, FORWARD, IDS, INDIRECT, RUN, Load, StubHost, Surprise, guest


def test_a_dispatch_reaches_the_host_with_ids_and_argument(load: Load) -> None:
    calls = []

    def answer(module: bytes, function: bytes, argument: bytes) -> bytes:
        calls.append((module, function, argument))
        return ANSWER

    instance = load(guest(FORWARD, imports=DISPATCH, rest=IDS), StubHost(on_dispatch=answer))
    assert instance.dispatch(RUN, ARGUMENT) == ANSWER
    assert calls == [(b"0123456789abcdef", b"ABCDEFGHIJKLMNOP", ARGUMENT)]


def test_a_callable_id_is_unsigned(load: Load) -> None:
    ids: list[int] = []

    def answer(id: int) -> bytes:
        ids.append(id)
        return ANSWER

    instance = load(guest("(call $indirect (i64.const -1))", imports=INDIRECT), StubHost(on_indirect=answer))
    assert (instance.dispatch(RUN, ARGUMENT), ids) == (ANSWER, [2**64 - 1])


@pytest.mark.parametrize("exception", [Surprise("host"), KeyboardInterrupt(), SystemExit(3), Trap("of another")])
def test_an_exception_of_the_host_comes_out_as_the_same_object(load: Load, exception: BaseException) -> None:
    def fail(*_: bytes) -> bytes:
        raise exception

    instance = load(guest(FORWARD, imports=DISPATCH, rest=IDS), StubHost(on_dispatch=fail))
    with pytest.raises(type(exception)) as caught:
        instance.dispatch(RUN, ARGUMENT)
    assert caught.value is exception


def test_an_exception_of_the_host_leaves_the_instance_usable(load: Load) -> None:
    failing = True

    def answer(module: bytes, function: bytes, argument: bytes) -> bytes:
        if failing:
            raise Surprise
        return ANSWER

    instance = load(guest(FORWARD, imports=DISPATCH, rest=IDS), StubHost(on_dispatch=answer))
    with pytest.raises(Surprise):
        instance.dispatch(RUN, ARGUMENT)
    failing = False
    assert instance.dispatch(RUN, ARGUMENT) == ANSWER


def nested(load: Load, depth: int, innermost: StubHost) -> bytes:
    """Lets a guest call itself through its host; what ``innermost`` does, it does at that depth."""
    level = 0

    def answer(module: bytes, function: bytes, argument: bytes) -> bytes:
        nonlocal level
        level += 1
        try:
            if level == depth:
                return innermost.dispatch(module, function, argument)
            return instance.dispatch(RUN, argument)
        finally:
            level -= 1

    instance = load(guest(FORWARD, imports=DISPATCH, rest=IDS), StubHost(on_dispatch=answer))
    return instance.dispatch(RUN, ARGUMENT)


def test_a_module_may_be_entered_again_while_it_runs(load: Load) -> None:
    assert nested(load, 20, StubHost(on_dispatch=lambda *_: ANSWER)) == ANSWER


def test_an_exception_comes_out_of_many_levels_as_the_same_object(load: Load) -> None:
    surprise = Surprise()

    def fail(*_: bytes) -> bytes:
        raise surprise

    with pytest.raises(Surprise) as caught:
        nested(load, 20, StubHost(on_dispatch=fail))
    assert caught.value is surprise


def test_an_inner_failure_that_the_host_handles_does_not_reach_the_outer_call(load: Load) -> None:
    level = 0

    def answer(module: bytes, function: bytes, argument: bytes) -> bytes:
        nonlocal level
        level += 1
        if level == 2:
            raise Surprise
        with pytest.raises(Surprise):
            instance.dispatch(RUN, argument)
        return ANSWER

    instance = load(guest(FORWARD, imports=DISPATCH, rest=IDS), StubHost(on_dispatch=answer))
    assert instance.dispatch(RUN, ARGUMENT) == ANSWER


def test_running_out_of_python_stack_anywhere_on_the_way_is_a_recursion_error(load: Load) -> None:
    # What other tests left behind is not to be finalized where there is no stack for it.
    gc.collect()
    # Whatever frame it is that does not fit any more, the one of a callback must not be the first.
    instance = load(guest(FORWARD, imports=DISPATCH, rest=IDS))

    def deeper() -> None:
        instance.dispatch(RUN, ARGUMENT)
        deeper()

    with pytest.raises(RecursionError):
        deeper()
    assert instance.dispatch(RUN, ARGUMENT) == ARGUMENT


@pytest.mark.parametrize("frames", range(20))
def test_endless_nesting_ends_in_a_trap_or_a_recursion_error(load: Load, frames: int) -> None:
    # However many frames are in use beforehand: each number makes another call the one that does not fit.
    def start(frames: int) -> bytes:
        return start(frames - 1) if frames else nested(load, 1_000_000, StubHost())

    with pytest.raises((Trap, RecursionError)):
        start(frames)
