"""Calls out of a guest, and back into it."""

from __future__ import annotations

import gc

import pytest

from arora_core.errors import LimitExceeded, ModuleBusy, Trap, TrapKind
from arora_core.executor import Capability, Limits
from arora_core.guest_symbols import function_symbol
from tests.wasm.guests import ANSWER, ARGUMENT, DISPATCH, FORWARD, IDS, RUN, Load, StubHost, Surprise, guest, wat


def nested(load: Load, depth: int, innermost: StubHost) -> bytes:
    """Let a guest call itself through its host, ``depth`` levels deep, where ``innermost`` takes over."""
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


def test_an_exception_comes_out_of_many_levels_as_the_same_object(load: Load) -> None:
    surprise = Surprise()

    def fail(*_: bytes) -> bytes:
        raise surprise

    with pytest.raises(Surprise) as caught:
        nested(load, 20, StubHost(on_dispatch=fail))
    assert caught.value is surprise


def test_running_out_of_python_stack_anywhere_on_the_way_is_a_recursion_error(load: Load) -> None:
    # Garbage of other tests must not be finalized at the end of the stack.
    gc.collect()
    # Any frame may be the first that does not fit, except that of a callback.
    instance = load(guest(FORWARD, imports=DISPATCH, rest=IDS))

    def deeper() -> None:
        instance.dispatch(RUN, ARGUMENT)
        deeper()

    with pytest.raises(RecursionError):
        deeper()
    assert instance.dispatch(RUN, ARGUMENT) == ARGUMENT


@pytest.mark.parametrize("size", [5, 100_000])
def test_an_allocator_that_calls_its_host_for_every_buffer_is_a_trap(load: Load, size: int) -> None:
    def answer(*_: bytes) -> bytes:
        return size.to_bytes(4, "little") + bytes(size - 4)

    calling = f"""{DISPATCH} (memory (export "memory") 4) {IDS} (data (i32.const 1024) "\\05\\00\\00\\00\\00")
      (func (export "arora_buffer_free") (param i32))
      (func (export "arora_buffer_alloc") (param i32) (result i32)
        (drop (call $dispatch (i32.const 0) (i32.const 16) (i32.const 1024))) (i32.const 4096))
      (func (export "{function_symbol(RUN)}") (param i32) (result i32) (i32.const 1024))"""
    instance = load(wat(calling), StubHost(on_dispatch=answer))
    for _ in range(2):
        with pytest.raises(Trap, match="called its host from arora_buffer_alloc") as caught:
            instance.dispatch(RUN, ARGUMENT)
        assert caught.value.kind is TrapKind.ABI


def test_an_allocator_may_call_its_host_once_for_each_buffer(load: Load) -> None:
    calling = f"""{DISPATCH} (memory (export "memory") 4) {IDS} (data (i32.const 1024) "\\05\\00\\00\\00\\00")
      (global $calling (mut i32) (i32.const 0))
      (func $ask (drop (call $dispatch (i32.const 0) (i32.const 16) (i32.const 1024))))
      (func (export "arora_buffer_free") (param i32))
      (func (export "arora_buffer_alloc") (param i32) (result i32)
        (if (i32.eqz (global.get $calling)) (then
          (global.set $calling (i32.const 1)) (call $ask) (global.set $calling (i32.const 0))))
        (i32.const 4096))
      (func (export "{function_symbol(RUN)}") (param i32) (result i32) (call $ask) (i32.const 1024))"""
    instance = load(wat(calling))
    for _ in range(2):
        assert instance.dispatch(RUN, ARGUMENT) == b"\5\0\0\0\0"


@pytest.mark.parametrize("frames", range(20))
def test_endless_nesting_ends_in_a_trap_or_a_recursion_error(load: Load, frames: int) -> None:
    # The number of frames in use beforehand determines which call is the first that does not fit.
    def start(frames: int) -> bytes:
        return start(frames - 1) if frames else nested(load, 1_000_000, StubHost())

    with pytest.raises((Trap, RecursionError)):
        start(frames)


def test_an_instance_cannot_be_closed_from_inside_its_own_call(load: Load) -> None:
    def answer(*_: bytes) -> bytes:
        instance.close()
        return ANSWER

    instance = load(guest(FORWARD, imports=DISPATCH, rest=IDS), StubHost(on_dispatch=answer))
    with pytest.raises(ModuleBusy):
        instance.dispatch(RUN, ARGUMENT)


def test_a_deadline_in_the_allocation_of_an_answer_leaves_the_guest_usable(load: Load) -> None:
    if Capability.DEADLINE not in load.executor.capabilities:
        pytest.skip("has no deadlines")
    slow = f"""{DISPATCH} (memory (export "memory") 4) {IDS} (data (i32.const 1024) "\\05\\00\\00\\00\\00")
      (global $calls (mut i32) (i32.const 0))
      (func (export "arora_buffer_free") (param i32))
      (func (export "arora_buffer_alloc") (param i32) (result i32)
        (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
        (loop $again (br_if $again (i32.eq (global.get $calls) (i32.const 2)))) (i32.const 4096))
      (func (export "{function_symbol(RUN)}") (param i32) (result i32)
        (drop (call $dispatch (i32.const 0) (i32.const 16) (i32.const 1024))) (i32.const 1024))"""
    instance = load(wat(slow), limits=Limits(deadline=0.3))
    with pytest.raises(LimitExceeded):
        instance.dispatch(RUN, ARGUMENT)
    assert instance.dispatch(RUN, ARGUMENT) == b"\5\0\0\0\0"
