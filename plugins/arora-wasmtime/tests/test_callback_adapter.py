"""Callbacks through the adapter, and the same callbacks step by step."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from arora_wasmtime.executor import WasmtimeExecutor
from arora_wasmtime.guest_rooms import GuestRooms
from arora_wasmtime.unchecked_calls import UncheckedCalls

from arora_core.errors import Trap, TrapKind
from arora_core.executor import Limits
from arora_core.guest_symbols import function_symbol
from tests.wasm.guests import (
    ALLOCATOR,
    ANSWER,
    ARGUMENT,
    DISPATCH,
    ECHO,
    FORWARD,
    IDS,
    INDIRECT,
    RUN,
    Load,
    StubHost,
    guest,
    wat,
)

METERED = Limits(fuel=1 << 62)
"""Guests with fuel have no adapters."""
LIMITS = pytest.mark.parametrize("limits", [Limits(), METERED], ids=["adapted", "step by step"])

ASK = "(call $indirect (i64.const 1))"


@pytest.fixture(scope="module", autouse=True)
def unchecked() -> Iterator[None]:
    """Use unchecked calls, which have adapters, whatever ARORA_WASMTIME_CALLS says."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("arora_wasmtime.executor.chosen", lambda: UncheckedCalls)
        yield


@pytest.fixture
def load() -> Load:
    return Load(WasmtimeExecutor)


def sized(size: int) -> bytes:
    content = bytes(index % 251 for index in range(size - 5))
    return size.to_bytes(4, "little") + b"\1" + content


@LIMITS
@pytest.mark.parametrize("size", [5, 6, 1023, 1024, 1025, 70_000])
def test_an_answer_of_any_size_reaches_the_guest(load: Load, limits: Limits, size: int) -> None:
    instance = load(guest(ASK, imports=INDIRECT), StubHost(on_indirect=lambda _: sized(size)), limits)
    assert [instance.dispatch(RUN, ARGUMENT) for _ in range(2)] == [sized(size)] * 2


@LIMITS
def test_a_dispatch_passes_its_argument_and_receives_its_answer(load: Load, limits: Limits) -> None:
    host = StubHost(on_dispatch=lambda module, function, argument: argument[:4] + argument[:3:-1])
    instance = load(guest(FORWARD, imports=DISPATCH, rest=IDS), host, limits)
    for size in (6, 511, 600, 70_000):
        given = sized(size)
        assert instance.dispatch(RUN, given) == given[:4] + given[:3:-1]


def allocating(body: str) -> bytes:
    """Return a guest that calls its host, and whose allocator runs ``body`` first."""
    symbol = function_symbol(RUN)
    allocator = ALLOCATOR.replace(
        "(param $size i32) (result i32) (local $at i32)", f"(param $size i32) (result i32) (local $at i32) {body}"
    )
    return wat(
        f"{INDIRECT} {allocator} (global $asking (mut i32) (i32.const 0)) "
        f'(func (export "{symbol}") (param i32) (result i32) (local $answer i32)'
        f"(global.set $asking (i32.const 1)) (local.set $answer {ASK}) (global.set $asking (i32.const 0))"
        "(local.get $answer))"
    )


# During the guest's callback its allocator calls the host as well, once, and drops the answer.
ASKING = """(if (i32.eq (global.get $asking) (i32.const 1)) (then
  (global.set $asking (i32.const 2)) (drop (call $indirect (i64.const 2)))))"""


@LIMITS
def test_an_allocator_may_call_the_host_while_it_allocates_for_an_answer(load: Load, limits: Limits) -> None:
    asked: list[int] = []

    def answer(id: int) -> bytes:
        asked.append(id)
        return sized(40 + id)

    instance = load(allocating(ASKING), StubHost(on_indirect=answer), limits)
    assert [instance.dispatch(RUN, ARGUMENT) for _ in range(3)] == [sized(41)] * 3
    assert asked == [1, 2] * 3


@LIMITS
def test_an_allocator_may_call_the_host_through_another_import(load: Load, limits: Limits) -> None:
    symbol, begin = function_symbol(RUN), "(param $size i32) (result i32) (local $at i32)"
    executable = wat(
        f"{DISPATCH} {INDIRECT} {ALLOCATOR.replace(begin, f'{begin} {ASKING}')} {IDS}"
        f' (global $asking (mut i32) (i32.const 0)) (func (export "{symbol}") (param i32) (result i32)'
        f" (local $answer i32) (global.set $asking (i32.const 1)) (local.set $answer {FORWARD})"
        " (global.set $asking (i32.const 0)) (local.get $answer))"
    )
    host = StubHost(on_dispatch=lambda *_: sized(40), on_indirect=lambda _: sized(30))
    instance = load(executable, host, limits)
    assert [instance.dispatch(RUN, ARGUMENT) for _ in range(3)] == [sized(40)] * 3


@LIMITS
def test_arora_buffer_free_may_call_the_host(load: Load, limits: Limits) -> None:
    symbol, begin = function_symbol(RUN), '(func $free (export "arora_buffer_free") (param $at i32)'
    assert begin in ALLOCATOR
    asking = "(if (global.get $asking) (then (global.set $asking (i32.const 0)) (drop (call $indirect (i64.const 2)))))"
    executable = wat(
        f"{INDIRECT} {ALLOCATOR.replace(begin, f'{begin} {asking}')} (global $asking (mut i32) (i32.const 0))"
        f' (func (export "{symbol}") (param i32) (result i32) (global.set $asking (i32.const 1)) {ECHO})'
    )
    instance = load(executable, StubHost(on_indirect=lambda _: sized(30)), limits)
    assert [instance.dispatch(RUN, sized(40)) for _ in range(3)] == [sized(40)] * 3


CRASHING = """(if (i32.eq (global.get $asking) (i32.const 1)) (then
  (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
  (if (i32.eq (i32.load (i32.const 0)) (i32.const 2)) (then (global.set $asking (i32.const 0)) (unreachable)))))"""
"""Crashes in the second allocation for an answer."""


@pytest.mark.parametrize("size", [6, 2000], ids=["adapted", "step by step"])
def test_callbacks_are_adapted_again_after_the_allocator_has_crashed_in_one(
    load: Load, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[bytes] = []
    write = GuestRooms.write_answer

    def noted(rooms: GuestRooms, answer: bytes) -> int:
        written.append(answer)
        return write(rooms, answer)

    monkeypatch.setattr(GuestRooms, "write_answer", noted)
    instance = load(allocating(CRASHING), StubHost(on_indirect=lambda _: sized(40)))
    # A small argument makes the adapters.
    assert instance.dispatch(RUN, ARGUMENT) == sized(40)
    with pytest.raises(Trap):
        instance.dispatch(RUN, sized(size))
    del written[:]
    assert instance.dispatch(RUN, ARGUMENT) == sized(40)
    assert written == [sized(40)]


@LIMITS
@pytest.mark.parametrize(
    ("at", "message"),
    [
        ("(i32.const 0)", r"arora_buffer_alloc\(14\) returned null: the guest is out of memory"),
        ("(i32.const -4)", r"arora_buffer_alloc\(14\) returned 0xfffffffc, outside its 131072 bytes of memory"),
        ("(i32.const 131060)", r"arora_buffer_alloc\(14\) returned 0x1fff4, outside its 131072 bytes of memory"),
    ],
)
def test_an_allocation_that_is_null_or_outside_memory_is_a_trap(
    load: Load, limits: Limits, at: str, message: str
) -> None:
    instance = load(
        allocating(f"(if (global.get $asking) (then (return {at})))"), StubHost(on_indirect=lambda _: ANSWER), limits
    )
    for _ in range(2):
        with pytest.raises(Trap, match=message) as caught:
            instance.dispatch(RUN, ARGUMENT)
        assert caught.value.kind is TrapKind.ABI


@LIMITS
def test_an_allocator_that_traps_does_not_affect_later_answers(load: Load, limits: Limits) -> None:
    crashing = allocating(
        "(if (i32.and (global.get $asking) (i32.eq (local.get $size) (i32.const 58))) (then unreachable))"
    )
    sizes = iter([6, 50, 6, 1000, 50, 7])
    instance = load(crashing, StubHost(on_indirect=lambda _: sized(next(sizes))), limits)
    got: list[object] = []
    for _ in range(6):
        try:
            got.append(instance.dispatch(RUN, ARGUMENT))
        except Trap as trap:
            got.append(trap.kind)
    assert got == [sized(6), TrapKind.UNREACHABLE, sized(6), sized(1000), TrapKind.UNREACHABLE, sized(7)]


@LIMITS
def test_calls_into_the_guest_during_a_callback_do_not_overwrite_its_answer(load: Load, limits: Limits) -> None:
    deeper = iter([True, True, True])
    nested: list[bytes] = []

    def answer(_: int) -> bytes:
        if next(deeper, False):
            nested.append(instance.dispatch(RUN, ARGUMENT))
        return sized(100 + len(nested))

    instance = load(guest(ASK, imports=INDIRECT), StubHost(on_indirect=answer), limits)
    assert instance.dispatch(RUN, ARGUMENT) == sized(103)
    assert nested == [sized(100), sized(101), sized(102)]


@LIMITS
def test_a_call_with_a_large_argument_may_call_the_host(load: Load, limits: Limits) -> None:
    instance = load(guest(ASK, imports=INDIRECT), StubHost(on_indirect=lambda _: ANSWER), limits)
    assert [instance.dispatch(RUN, sized(size)) for size in (70_000, 6, 70_000)] == [ANSWER] * 3
