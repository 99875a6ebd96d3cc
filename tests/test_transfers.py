"""Transfers: large arguments written to guest memory in pieces, results read in place."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from arora_core.errors import EngineClosed, FunctionNotFound, Trap, TrapKind
from arora_core.executor import Instance, Transfer
from arora_core.linear_memory import LinearGuest
from tests.fake_guest import ANSWER, ARGUMENT, PAGE, RUN, FakeGuest, FakeMemory


def pieces() -> tuple[bytes | memoryview, ...]:
    return ARGUMENT[:3], memoryview(ARGUMENT)[3:5], b"", ARGUMENT[5:]


class MappedMemory(FakeMemory):
    """A memory that has views."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[int] = []

    def write(self, offset: int, data: bytes) -> None:
        self.written.append(len(data))
        super().write(offset, data)

    def view(self, offset: int, size: int) -> memoryview:
        return memoryview(self.bytes)[offset : offset + size]


class MappedGuest(FakeGuest):
    def __init__(self) -> None:
        super().__init__()
        self.memory = self.mapped = MappedMemory()
        self.protocol = LinearGuest(self.host)
        self.protocol.attach(self.memory, lambda size: self.alloc(size), self.free, {RUN: lambda at: self.run(at)})


@pytest.fixture(params=[FakeGuest, MappedGuest], ids=["memory without views", "memory with views"])
def guest(request: pytest.FixtureRequest) -> FakeGuest:
    made: FakeGuest = request.param()
    return made


def transfer(guest: FakeGuest, read: Callable[[bytes | memoryview], object] = bytes) -> object:
    return guest.protocol.transfer(RUN)(Transfer(pieces(), read))


def test_the_pieces_arrive_as_one_buffer_and_the_answer_is_read(guest: FakeGuest) -> None:
    seen: list[bytes] = []

    def run(argument: int) -> int:
        seen.append(bytes(guest.memory.bytes[argument : argument + len(ARGUMENT)]))
        return guest.put(ANSWER)

    guest.run = run
    assert (transfer(guest), seen) == (ANSWER, [ARGUMENT])


def test_argument_and_answer_are_freed_when_the_answer_has_been_read(guest: FakeGuest) -> None:
    freed_before: list[int] = []
    answer_at = 4096
    guest.run = lambda argument: guest.put(ANSWER, answer_at)
    transfer(guest, lambda result: freed_before.extend(guest.freed))
    assert freed_before == []
    assert sorted(guest.freed) == [1024, answer_at]


def test_a_result_that_cannot_be_read_is_freed(guest: FakeGuest) -> None:
    def read(result: bytes | memoryview) -> object:
        raise LookupError

    with pytest.raises(LookupError):
        transfer(guest, read)
    assert len(guest.freed) == 2


def test_results_are_not_copied_from_memory_with_views() -> None:
    guest = MappedGuest()
    assert transfer(guest, type) is memoryview
    assert guest.mapped.written == []


def test_a_view_of_the_result_is_released_afterwards() -> None:
    kept: list[memoryview] = []

    def read(result: bytes | memoryview) -> object:
        assert isinstance(result, memoryview)
        kept.append(result)
        return None

    transfer(MappedGuest(), read)
    with pytest.raises(ValueError, match="released"):
        kept[0].tobytes()


def test_the_object_behind_an_argument_may_be_resized_once_it_was_copied(guest: FakeGuest) -> None:
    held = bytearray(ARGUMENT)

    def run(argument: int) -> int:
        held.append(0)
        return guest.put(ANSWER)

    guest.run = run
    assert guest.protocol.transfer(RUN)(Transfer([memoryview(held)], bytes)) == ANSWER


def test_the_argument_of_a_failed_call_is_freed_by_the_next_call(guest: FakeGuest) -> None:
    seen: list[int] = []

    def run(argument: int) -> int:
        seen.append(argument)
        if len(seen) == 1:
            raise Trap("crashed", kind=TrapKind.UNREACHABLE)
        return guest.put(ANSWER)

    guest.run = run
    with pytest.raises(Trap):
        transfer(guest)
    assert guest.freed == []
    transfer(guest)
    assert seen[0] in guest.freed


@pytest.mark.parametrize("at", [0, 2 * PAGE, 2 * PAGE - 3, 0xFFFF_FFFF])
def test_a_result_outside_of_memory_is_a_trap(guest: FakeGuest, at: int) -> None:
    guest.run = lambda argument: at
    with pytest.raises(Trap) as caught:
        transfer(guest)
    assert caught.value.kind is TrapKind.ABI


def test_a_result_inside_the_argument_is_a_trap(guest: FakeGuest) -> None:
    guest.run = lambda argument: argument
    with pytest.raises(Trap, match="its own argument buffer"):
        transfer(guest)


def test_an_allocation_outside_of_memory_is_a_trap(guest: FakeGuest) -> None:
    guest.alloc = lambda size: 2 * PAGE - 4
    with pytest.raises(Trap, match="arora_buffer_alloc"):
        transfer(guest)


def test_transfers_to_unknown_functions_and_closed_guests_are_refused(guest: FakeGuest) -> None:
    bound = guest.protocol.transfer(RUN)
    with pytest.raises(FunctionNotFound):
        guest.protocol.transfer(bytes(16))
    guest.protocol.close()
    with pytest.raises(EngineClosed):
        guest.protocol.transfer(RUN)
    with pytest.raises(EngineClosed):
        bound(Transfer(pieces(), bytes))


def test_every_instance_accepts_transfers() -> None:
    class Echo(Instance):
        def dispatch(self, function_id: bytes, argument: bytes) -> bytes:
            return argument

        def close(self) -> None: ...

    assert Echo().transfer(RUN)(Transfer(pieces(), lambda result: bytes(result) * 2)) == ARGUMENT * 2
