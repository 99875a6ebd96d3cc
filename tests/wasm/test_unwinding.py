"""The stack of a guest after every call that ended before the guest returned."""

from __future__ import annotations

import pytest

from arora_core.errors import LimitExceeded, Trap
from arora_core.executor import Executor, Instance, Limits
from arora_core.guest_symbols import function_symbol
from tests.wasm.guests import (
    ALLOCATOR,
    ARGUMENT,
    ENDLESS,
    INDIRECT,
    PROC_EXIT,
    RUN,
    Load,
    StubHost,
    Surprise,
    guest,
    wat,
)
from tests.wasm.stacks import AT, CALLING, ENTER, FRAME, LEAVE, LOCAL, POINTER, TOP, framed
from tests.wasm.test_limits import enforcing

POSITION = bytes([6, 0, 0, 0, 1, 0])
"""The argument for which guests return their stack pointer."""
FAILURES = 20
"""More than frames fit into the stack."""

UNWINDING = {
    "trap": framed("unreachable"),
    "exit": framed("(call $proc_exit (i32.const 3)) (local.get 0)", imports=PROC_EXIT),
    "null": framed("(i32.const 0)"),
    "overflow": framed("(call $in_frame (local.get 0))"),
    "outside": framed("(i32.load (i32.const -4)) (drop) (local.get 0)"),
}


def position(instance: Instance) -> int:
    return int.from_bytes(instance.dispatch(RUN, POSITION)[4:8], "little")


@pytest.mark.parametrize("guest", UNWINDING.values(), ids=UNWINDING)
def test_a_crash_leaves_the_stack_where_it_was(load: Load, guest: bytes) -> None:
    instance = load(guest)
    for _ in range(FAILURES):
        with pytest.raises(Trap):
            instance.dispatch(RUN, ARGUMENT)
    assert position(instance) == TOP


def test_an_exception_of_the_host_leaves_the_stack_where_it_was(load: Load) -> None:
    def fail(module: bytes, function: bytes, argument: bytes) -> bytes:
        raise Surprise

    instance = load(CALLING, StubHost(on_dispatch=fail))
    for _ in range(FAILURES):
        with pytest.raises(Surprise):
            instance.dispatch(RUN, ARGUMENT)
    assert position(instance) == TOP


@enforcing(Limits(deadline=0.2), Limits(fuel=1000))
def test_a_limit_leaves_the_stack_where_it_was(load: Load, executor: type[Executor], limits: Limits) -> None:
    if executor.name == "browser":
        limits = Limits(deadline=0.4)
    instance = load(framed(ENDLESS), limits=limits)
    for _ in range(2):
        with pytest.raises(LimitExceeded):
            instance.dispatch(RUN, ARGUMENT)
    assert position(instance) == TOP


STATIC = TOP - 3 * FRAME
"""Where a guest has static data below its stack, as linkers do it that do not put the stack first."""
WRITING = f"""(memory.fill (local.get $frame) (i32.const 0xee) (i32.const {FRAME}))
  (if (i32.eq (i32.load8_u offset=5 (local.get 0)) (i32.const 1)) (then %s)) (call $static)"""
"""Writes to its whole frame, then fails or returns the static data."""
CONSTANT = f"""(data (i32.const {STATIC}) "\\2a") (func $static (result i32) (local $at i32)
  (local.set $at (call $alloc (i32.const 16))) (i32.store (local.get $at) (i32.const 8))
  (i32.store offset=4 (local.get $at) (i32.load (i32.const {STATIC}))) (local.get $at))"""
BELOW = {
    "trap": framed(WRITING % "(unreachable)", rest=CONSTANT),
    "exit": framed(WRITING % "(call $proc_exit (i32.const 3))", imports=PROC_EXIT, rest=CONSTANT),
    "exception": framed(WRITING % "(drop (call $indirect (i64.const 1)))", imports=INDIRECT, rest=CONSTANT),
}


@pytest.mark.parametrize("guest", BELOW.values(), ids=BELOW)
def test_failures_do_not_move_the_stack_over_static_data_below_it(load: Load, guest: bytes) -> None:
    def fail(callable: int) -> bytes:
        raise Surprise

    instance = load(guest, StubHost(on_indirect=fail))
    for _ in range(FAILURES):
        with pytest.raises((Trap, Surprise)):
            instance.dispatch(RUN, ARGUMENT)
        assert instance.dispatch(RUN, bytes([6, 0, 0, 0, 1, 2]))[4] == 0x2A


def test_a_nested_call_that_fails_leaves_the_stack_where_the_running_one_has_it(load: Load) -> None:
    seen = []

    def answer(module: bytes, function: bytes, argument: bytes) -> bytes:
        if argument[4] == 2:
            raise Surprise
        seen.append(position(instance))
        with pytest.raises(Surprise):
            instance.dispatch(RUN, bytes([6, 0, 0, 0, 2, 1]))
        seen.append(position(instance))
        return argument

    instance = load(CALLING, StubHost(on_dispatch=answer))
    assert instance.dispatch(RUN, ARGUMENT) == ARGUMENT
    assert seen == [TOP - FRAME, TOP - FRAME]
    assert position(instance) == TOP


def test_a_large_call_that_fails_leaves_the_stack_where_it_was(load: Load) -> None:
    large = (1 << 17).to_bytes(4, "little") + b"\1\1" + bytes((1 << 17) - 6)
    instance = load(UNWINDING["trap"])
    for _ in range(FAILURES):
        with pytest.raises(Trap):
            instance.dispatch(RUN, large)
    assert position(instance) == TOP


USED = """(local.set $at (call $alloc (i32.const 16))) (i32.store (local.get $at) (i32.const 8))
  (i32.store offset=4 (local.get $at) (global.get $used)) (local.get $at)"""
"""Returns a buffer with the number of blocks in use."""


@pytest.mark.parametrize("size", [6, 1000, 1 << 17])
def test_the_next_call_frees_the_argument_of_a_failed_one(load: Load, size: int) -> None:
    body = f"{LOCAL} (if (i32.load8_u offset=5 (local.get 0)) (then (unreachable))) {USED}"
    failing, asking = (size.to_bytes(4, "little") + bytes([1, fails]) + bytes(size - 6) for fails in (1, 0))
    instance = load(guest(body))

    def used() -> int:
        return instance.dispatch(RUN, asking)[4]

    used()
    before = used()
    for _ in range(5):
        with pytest.raises(Trap):
            instance.dispatch(RUN, failing)
    assert used() == before


def test_an_allocator_that_crashes_on_the_argument_of_a_failed_call_leaves_the_stack_where_it_was(load: Load) -> None:
    symbol = function_symbol(RUN)
    allocator = ALLOCATOR.replace('(func $free (export "arora_buffer_free")', "(func $free")
    # It crashes inside a frame when the freed block begins with the size of the large argument.
    crash = f"""(func (export "arora_buffer_free") (param i32) {ENTER}
      (if (i32.eq (i32.load (local.get 0)) (i32.const {1 << 17})) (then (unreachable)))
      {LEAVE} (call $free (local.get 0)))"""
    run = f"""(func (export "{symbol}") (param i32) (result i32) {LOCAL}
      (if (i32.load8_u offset=5 (local.get 0)) (then (unreachable))) {AT})"""
    instance = load(wat(f"{allocator} {POINTER} {crash} {run}"))
    with pytest.raises(Trap):
        instance.dispatch(RUN, (1 << 17).to_bytes(4, "little") + b"\1\1" + bytes((1 << 17) - 6))
    assert position(instance) == TOP
