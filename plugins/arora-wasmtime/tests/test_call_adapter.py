"""Calls through the adapter, compared with the same calls step by step."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest
from arora_wasmtime.executor import WasmtimeExecutor
from arora_wasmtime.unchecked_calls import UncheckedCalls
from hypothesis import example, given
from hypothesis import strategies as st

from arora_core.errors import Trap
from arora_core.executor import Instance, Limits
from tests.wasm.guests import ECHO, INDIRECT, RUN, Load, StubHost, guest

MEMORY = 2 * 65536
PLAIN = Limits(fuel=1 << 62)
"""Guests with fuel have no adapter."""

# Returns the address that the argument gives, with the size that it gives written there if that is inside memory.
AT_ADDRESS = f"""(local $at i32)
  (local.set $at (i32.load offset=5 (local.get 0)))
  (if (i32.le_u (local.get $at) (i32.const {MEMORY - 4})) (then
    (i32.store (local.get $at) (i32.load offset=9 (local.get 0)))))
  (local.get $at)"""
# Returns an address inside the room, at an offset from the argument.
IN_ROOM = """(local $at i32)
  (local.set $at (i32.add (local.get 0) (i32.load offset=5 (local.get 0))))
  (i32.store (local.get $at) (i32.const 5))
  (local.get $at)"""
# Returns a buffer of the size that the argument gives, with its own address in it.
SIZED = """(local $at i32)
  (local.set $at (call $alloc (i32.load offset=5 (local.get 0))))
  (i32.store (local.get $at) (i32.load offset=5 (local.get 0)))
  (i32.store offset=4 (local.get $at) (local.get $at))
  (local.get $at)"""


@pytest.fixture(scope="module", autouse=True)
def unchecked() -> Iterator[None]:
    """Use unchecked calls, which have the adapter, whatever ARORA_WASMTIME_CALLS says."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("arora_wasmtime.executor.chosen", lambda: UncheckedCalls)
        yield


@pytest.fixture
def load() -> Load:
    return Load(WasmtimeExecutor)


@pytest.fixture(scope="module")
def with_and_without(unchecked: None) -> tuple[Instance, Instance]:
    """Return the same guest twice: with the adapter, and without."""
    load, executable = Load(WasmtimeExecutor), guest(AT_ADDRESS)
    return load(executable), load(executable, limits=PLAIN)


def argument(*words: int, size: int = 0) -> bytes:
    content = b"\1" + struct.pack(f"<{len(words)}I", *words)
    content = content.ljust(size - 4, b"\0")
    return struct.pack("<I", 4 + len(content)) + content


def outcome(instance: Instance, given: bytes) -> tuple[object, object]:
    try:
        answer = instance.dispatch(RUN, given)
        # Not all of it: it may overlap the room.
        return len(answer), answer[:16]
    except Trap as trap:
        return trap.kind, str(trap)


addresses = st.sampled_from([0, 65536, MEMORY - 1024, MEMORY - 5, MEMORY, 1 << 31, (1 << 32) - 4]).flatmap(
    lambda near: st.integers(max(0, near - 8), min(near + 8, (1 << 32) - 1))
)
sizes = st.sampled_from([0, 5, 1024, MEMORY - 65536, 1 << 31, (1 << 32) - 4]).flatmap(
    lambda near: st.integers(max(0, near - 8), min(near + 8, (1 << 32) - 1))
)


@given(at=addresses, size=sizes)
@example(at=MEMORY - 1024, size=1024)
@example(at=MEMORY - 1024, size=1025)
@example(at=MEMORY - 4, size=5)
@example(at=MEMORY - 5, size=5)
@example(at=MEMORY - 3, size=5)
@example(at=0, size=5)
@example(at=0xFFFF_FFFC, size=0xFFFF_FFFF)
def test_a_guest_that_returns_any_address_and_size_has_the_same_outcome_with_and_without_the_adapter(
    with_and_without: tuple[Instance, Instance], at: int, size: int
) -> None:
    adapted, plain = with_and_without
    given = argument(at, size)
    assert outcome(adapted, given) == outcome(plain, given)


@pytest.mark.parametrize("offset", [0, 8, 511, 512, 520, 1543])
def test_a_result_inside_the_room_is_refused(load: Load, offset: int) -> None:
    with pytest.raises(Trap, match="its own argument buffer"):
        load(guest(IN_ROOM)).dispatch(RUN, argument(offset))


@pytest.mark.parametrize("size", [9, 511, 512, 513, 4096, 70_000])
def test_an_argument_of_any_size_arrives_whole(load: Load, size: int) -> None:
    given = argument(1, size=size)
    instance = load(guest(ECHO))
    assert [instance.dispatch(RUN, given) for _ in range(2)] == [given] * 2


@pytest.mark.parametrize("size", [8, 1023, 1024, 1025, 70_000])
def test_a_result_of_any_size_is_freed(load: Load, size: int) -> None:
    instance = load(guest(SIZED))
    answers = {instance.dispatch(RUN, argument(size))[4:8] for _ in range(4)}
    # The allocator returns an address again only after it has been freed. The first call precedes the room.
    assert len(answers) == 1


def test_nested_calls_do_not_overwrite_an_argument_or_a_result(load: Load) -> None:
    outer, inner = argument(7, size=400), argument(8, size=500)
    nested: list[bytes] = []
    deeper = iter([True] * 3)

    def on_indirect(_: int) -> bytes:
        if next(deeper, False):
            nested.append(instance.dispatch(RUN, inner))
        return inner

    body = f"(drop (call $indirect (i64.const 1))) {ECHO}"
    instance = load(guest(body, imports=INDIRECT), StubHost(on_indirect=on_indirect))
    assert instance.dispatch(RUN, outer) == outer
    assert nested == [inner] * 3


def test_a_large_argument_between_small_ones_does_not_overwrite_them(load: Load) -> None:
    instance = load(guest(ECHO))
    for size in (20, 70_000, 20, 600, 21):
        given = argument(size, size=size)
        assert instance.dispatch(RUN, given) == given
