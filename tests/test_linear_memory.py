"""The guest protocol, tested against a scripted, hostile guest."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from arora_core.errors import EngineClosed, FunctionNotFound, ModuleBusy, Trap, TrapKind
from arora_core.linear_memory import LinearGuest
from tests.fake_guest import ANSWER, ARGUMENT, PAGE, RUN, SIGNED, FakeGuest, FakeHost, buffer_of


@pytest.fixture
def guest() -> FakeGuest:
    return FakeGuest()


# Calls.


def test_the_result_is_copied_out_and_freed(guest: FakeGuest) -> None:
    answer_at = 4096
    guest.run = lambda argument: guest.put(ANSWER, answer_at)
    result = guest.call()
    guest.memory.bytes[:] = bytes(2 * PAGE)
    assert (result, guest.freed) == (ANSWER, [answer_at])


def arguments_seen(guest: FakeGuest) -> list[int]:
    """Make the guest record the addresses of its arguments; return them."""
    seen: list[int] = []

    def run(argument: int) -> int:
        seen.append(argument)
        return guest.put(ANSWER)

    guest.run = run
    return seen


def test_one_place_serves_the_arguments_of_one_depth(guest: FakeGuest) -> None:
    seen = arguments_seen(guest)
    for _ in range(3):
        guest.call()
    assert len(set(seen)) == 1


def test_a_nested_call_has_a_place_of_its_own(guest: FakeGuest) -> None:
    seen: list[int] = []
    sizes: list[int] = []

    def run(argument: int) -> int:
        seen.append(argument)
        if len(seen) < 3:
            guest.protocol.answer_dispatch_indirect(1)
        sizes.append(int.from_bytes(guest.memory.bytes[argument : argument + 4], "little"))
        return guest.put(ANSWER)

    guest.run = run
    guest.host.answer = lambda: guest.call(buffer_of(len(seen) * 10))
    guest.call(buffer_of(6))
    # Innermost first: the argument of an outer call is intact after the inner calls have ended.
    assert (len(set(seen)), sizes) == (3, [20, 10, 6])


@pytest.mark.parametrize("size", [257, 65536])
def test_the_place_grows_with_the_argument_and_the_outgrown_one_is_freed(guest: FakeGuest, size: int) -> None:
    seen = arguments_seen(guest)
    guest.call()
    guest.call(buffer_of(size))
    guest.call()
    assert seen[1] == seen[2] != seen[0]
    assert seen[0] in guest.freed
    assert seen[1] not in guest.freed


def test_a_large_argument_has_its_place_for_one_call(guest: FakeGuest) -> None:
    seen = arguments_seen(guest)
    guest.call(buffer_of(65537))
    assert seen[0] in guest.freed


@pytest.mark.parametrize("size", [6, 256, 257, 65537])
def test_the_guest_may_read_past_the_end_of_its_argument(guest: FakeGuest, size: int) -> None:
    guest.call(buffer_of(size))
    assert guest.asked[0] >= size + 4


def test_an_error_buffer_is_a_result_like_any_other(guest: FakeGuest) -> None:
    error = bytes([10, 0, 0, 0, 20, 1, 0, 0, 0]) + b"!"
    guest.run = lambda argument: guest.put(error)
    assert guest.call() == error


def test_pointers_may_arrive_signed(guest: FakeGuest) -> None:
    guest.memory.bytes = bytearray(3 * PAGE)
    guest.alloc = lambda size: guest.bump(size) - SIGNED
    guest.run = lambda argument: guest.put(ANSWER) - SIGNED
    assert guest.call() == ANSWER


def test_a_result_in_memory_that_grew_during_the_call_is_read(guest: FakeGuest) -> None:
    def run(argument: int) -> int:
        guest.memory.bytes += bytes(PAGE)
        return guest.put(ANSWER, 2 * PAGE + 16)

    guest.run = run
    assert guest.call() == ANSWER


def test_a_result_may_end_with_the_memory(guest: FakeGuest) -> None:
    guest.run = lambda argument: guest.put(ANSWER, 2 * PAGE - len(ANSWER))
    assert guest.call() == ANSWER


HOSTILE_ANSWERS: dict[str, tuple[Callable[[FakeGuest], int], str]] = {
    "null": (lambda guest: 0, "returned a null pointer"),
    "wild": (lambda guest: 0xFFFF_FFF0, "returned a buffer at 0xfffffff0, outside its 131072 bytes of memory"),
    "wild and signed": (lambda guest: -16, "returned a buffer at 0xfffffff0, outside its 131072 bytes"),
    "right behind": (lambda guest: 2 * PAGE, "returned a buffer at 0x20000, outside its 131072 bytes"),
    "prefix cut": (lambda guest: 2 * PAGE - 3, "returned a buffer at 0x1fffd, outside its 131072 bytes"),
    "size 0": (lambda guest: guest.put(bytes(8), 4096), "a buffer of 0 bytes at 0x1000; the minimum is 5"),
    "size 4": (lambda guest: guest.put(b"\4\0\0\0", 4096), "a buffer of 4 bytes at 0x1000; the minimum is 5"),
    "size beyond": (
        lambda guest: guest.put((2 * PAGE).to_bytes(4, "little"), 4096),
        "a buffer of 131072 bytes at 0x1000, outside its 131072 bytes of memory",
    ),
    "size huge": (lambda guest: guest.put(b"\xff" * 4, 4096), "a buffer of 4294967295 bytes at 0x1000, outside"),
    "one byte beyond": (
        lambda guest: guest.put(b"\x06\0\0\0", 2 * PAGE - 5),
        "a buffer of 6 bytes at 0x1fffb, outside its 131072 bytes of memory",
    ),
    "its argument": (lambda guest: 1024, "returned its own argument buffer"),
}


@pytest.mark.parametrize("name", HOSTILE_ANSWERS)
def test_an_invalid_result_buffer_breaks_the_abi(guest: FakeGuest, name: str) -> None:
    answer, said = HOSTILE_ANSWERS[name]
    guest.run = lambda argument: answer(guest)
    with pytest.raises(Trap) as caught:
        guest.call()
    assert (caught.value.kind, said in str(caught.value)) == (TrapKind.ABI, True), str(caught.value)


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (0, r"arora_buffer_alloc\(264\) returned null: the guest is out of memory"),
        (-8, r"arora_buffer_alloc\(264\) returned 0xfffffff8, outside its 131072 bytes of memory"),
        (2 * PAGE, r"arora_buffer_alloc\(264\) returned 0x20000, outside its 131072 bytes of memory"),
        (2 * PAGE - 13, r"arora_buffer_alloc\(264\) returned 0x1fff3, outside its 131072 bytes of memory"),
    ],
)
def test_an_invalid_allocation_breaks_the_abi(guest: FakeGuest, at: int, said: str) -> None:
    guest.alloc = lambda size: at
    with pytest.raises(Trap, match=said) as caught:
        guest.call()
    assert caught.value.kind is TrapKind.ABI


def test_a_guest_that_broke_the_abi_is_not_called_to_free(guest: FakeGuest) -> None:
    guest.run = lambda argument: 0
    with pytest.raises(Trap):
        guest.call()
    assert guest.freed == []


def test_a_guest_that_trapped_is_not_called_to_free_and_works_again(guest: FakeGuest) -> None:
    works, trap = guest.run, Trap("unreachable")

    def fail(argument: int) -> int:
        raise trap

    guest.run = fail
    with pytest.raises(Trap) as caught:
        guest.call()
    assert (caught.value is trap, guest.freed) == (True, [])
    guest.run = works
    assert guest.call() == ANSWER


def test_a_function_the_guest_does_not_have_is_not_found(guest: FakeGuest) -> None:
    with pytest.raises(FunctionNotFound, match="00000000-0000-0000-0000-000000000000"):
        guest.protocol.dispatch(bytes(16), ARGUMENT)


# Calls out of the guest.


def test_a_dispatch_copies_ids_and_argument_and_gives_the_guest_a_buffer(guest: FakeGuest) -> None:
    guest.put(b"0123456789abcdefABCDEFGHIJKLMNOP" + ARGUMENT, 64)
    at = guest.protocol.answer_dispatch(64, 80, 96)
    assert guest.host.calls == [(b"0123456789abcdef", b"ABCDEFGHIJKLMNOP", ARGUMENT)]
    assert (guest.memory.read(at, len(ANSWER)), guest.freed) == (ANSWER, [])


def test_a_callable_id_may_arrive_signed(guest: FakeGuest) -> None:
    guest.protocol.answer_dispatch_indirect(-1)
    assert guest.host.calls == [2**64 - 1]


@pytest.mark.parametrize(
    ("pointers", "said"),
    [
        ((-1, 80, 96), "with a module id at 0xffffffff, outside its 131072 bytes of memory"),
        ((64, 2 * PAGE - 15, 96), "with a function id at 0x1fff1, outside its 131072 bytes of memory"),
        ((64, 80, 2 * PAGE - 3), "with an argument buffer at 0x1fffd, outside its 131072 bytes of memory"),
        ((64, 80, 2 * PAGE - 8), "with a buffer of 0 bytes at 0x1fff8; the minimum is 5"),
        ((64, 80, 128), "with an argument buffer of 4294967295 bytes at 0x80, outside its 131072 bytes of memory"),
    ],
)
def test_a_dispatch_with_wild_pointers_breaks_the_abi(
    guest: FakeGuest, pointers: tuple[int, int, int], said: str
) -> None:
    guest.put(b"\xff" * 4, 128)
    with pytest.raises(Trap) as caught:
        guest.protocol.answer_dispatch(*pointers)
    assert (caught.value.kind, said in str(caught.value)) == (TrapKind.ABI, True), str(caught.value)
    assert guest.host.calls == []


def test_an_answer_the_guest_has_no_memory_for_breaks_the_abi(guest: FakeGuest) -> None:
    guest.alloc = lambda size: 0
    with pytest.raises(Trap, match="out of memory"):
        guest.protocol.answer_dispatch_indirect(1)


def test_an_answer_is_written_into_memory_that_grew_to_hold_it(guest: FakeGuest) -> None:
    answer = (3 * PAGE).to_bytes(4, "little") + bytes(3 * PAGE - 4)
    guest.host.answer = lambda: answer

    def grow(size: int) -> int:
        guest.memory.bytes += bytes(4 * PAGE)
        return 2 * PAGE

    guest.alloc = grow
    assert guest.protocol.answer_dispatch_indirect(1) == 2 * PAGE


def test_a_pending_exception_is_raised_once_as_the_same_object(guest: FakeGuest) -> None:
    exception = KeyboardInterrupt()
    guest.protocol.carried.append(exception)
    with pytest.raises(KeyboardInterrupt) as caught:
        guest.protocol.raise_carried()
    assert (caught.value is exception, guest.protocol.carried) == (True, [])


def test_a_stale_pending_exception_is_not_raised_by_the_next_call(guest: FakeGuest) -> None:
    guest.protocol.carried.append(KeyboardInterrupt())
    assert (guest.call(), guest.protocol.carried) == (ANSWER, [])


def test_a_guest_that_calls_before_it_is_ready_breaks_the_abi() -> None:
    unready = LinearGuest(FakeHost())
    with pytest.raises(Trap):
        unready.answer_dispatch(0, 0, 0)
    with pytest.raises(Trap):
        unready.answer_dispatch_indirect(1)


# Output.


def write(guest: FakeGuest, *vectors: tuple[int, int], fd: int = 1) -> int:
    table = b"".join(at.to_bytes(4, "little") + size.to_bytes(4, "little") for at, size in vectors)
    guest.put(b"hello world", 64)
    return guest.protocol.answer_fd_write(fd, guest.put(table, 256), len(vectors), 128)


def test_output_is_gathered_and_counted(guest: FakeGuest) -> None:
    assert write(guest, (64, 5), (70, 5)) == 0
    assert (guest.host.calls, guest.memory.bytes[128]) == ([(1, b"helloworld")], 10)


@pytest.mark.parametrize("vector", [(2 * PAGE, 1), (64, 2 * PAGE), (0xFFFF_FFFF, 0xFFFF_FFFF)])
def test_output_from_outside_of_memory_is_a_fault(guest: FakeGuest, vector: tuple[int, int]) -> None:
    assert (write(guest, vector), guest.host.calls) == (21, [])


def test_more_vectors_than_fit_into_memory_are_a_fault(guest: FakeGuest) -> None:
    assert guest.protocol.answer_fd_write(1, 0, 0xFFFF_FFFF, 0) == 21


def test_one_write_never_gathers_much_more_than_the_guests_memory(guest: FakeGuest) -> None:
    assert write(guest, *[(0, PAGE)] * 1000) == 0
    assert int.from_bytes(guest.memory.read(128, 4), "little") == PAGE


def test_one_write_reads_a_limited_number_of_vectors(guest: FakeGuest) -> None:
    assert write(guest, *[(0, 0)] * 2000, (64, 5)) == 0
    assert int.from_bytes(guest.memory.read(128, 4), "little") == 0


def test_there_is_no_other_file_to_write_to(guest: FakeGuest) -> None:
    assert write(guest, (64, 5), fd=3) == 8


# The end.


def test_a_closed_guest_refuses_calls_also_through_what_was_bound_before(guest: FakeGuest) -> None:
    function = guest.protocol.function(RUN)
    guest.protocol.close()
    with pytest.raises(EngineClosed):
        function(ARGUMENT)
    with pytest.raises(EngineClosed):
        guest.protocol.dispatch(RUN, ARGUMENT)


def test_calls_of_a_closed_guest_to_its_host_are_refused(guest: FakeGuest) -> None:
    guest.protocol.answer_dispatch(0, 16, guest.put(ARGUMENT))
    guest.protocol.close()
    with pytest.raises(Trap, match="outside its 0 bytes of memory"):
        guest.protocol.answer_dispatch(0, 16, 1024)


def test_a_guest_cannot_be_closed_from_inside_its_own_call(guest: FakeGuest) -> None:
    def close() -> bytes:
        guest.protocol.close()
        return ANSWER

    guest.host.answer = close
    with pytest.raises(ModuleBusy):
        guest.protocol.answer_dispatch_indirect(1)


# The stack.


def test_a_guest_of_an_executor_that_attaches_no_stack_needs_a_restart_after_a_failure(guest: FakeGuest) -> None:
    guest.run = lambda argument: guest.put(ANSWER)
    guest.call()
    assert not guest.protocol.needs_restart
    guest.run = lambda argument: 0
    with pytest.raises(Trap):
        guest.call()
    assert guest.protocol.needs_restart
