"""A scripted guest without a runtime, which may be hostile."""

from __future__ import annotations

from collections.abc import Callable

from arora_core.linear_memory import LinearGuest

PAGE = 65536
RUN = bytes(range(16))
ARGUMENT = bytes([6, 0, 0, 0, 1, 1])
ANSWER = bytes([6, 0, 0, 0, 1, 0])
SIGNED = 1 << 32


class FakeMemory:
    """A bytearray that asserts that every access is in bounds, because the protocol has to check it before."""

    def __init__(self) -> None:
        self.bytes = bytearray(2 * PAGE)

    def size(self) -> int:
        return len(self.bytes)

    def read(self, offset: int, size: int) -> bytes:
        assert 0 <= offset <= offset + size <= len(self.bytes)
        return bytes(self.bytes[offset : offset + size])

    def write(self, offset: int, data: bytes) -> None:
        assert 0 <= offset <= offset + len(data) <= len(self.bytes)
        self.bytes[offset : offset + len(data)] = data


class FakeHost:
    def __init__(self) -> None:
        self.calls: list[object] = []
        self.answer: Callable[[], bytes] = lambda: ANSWER

    def dispatch(self, module_id: bytes, function_id: bytes, argument: bytes) -> bytes:
        self.calls.append((module_id, function_id, argument))
        return self.answer()

    def dispatch_indirect(self, callable_id: int) -> bytes:
        self.calls.append(callable_id)
        return self.answer()

    def write_output(self, fd: int, data: bytes) -> None:
        self.calls.append((fd, data))


def buffer_of(size: int) -> bytes:
    """Return an argument buffer of ``size`` bytes."""
    return size.to_bytes(4, "little") + bytes(size - 4)


class FakeGuest:
    """Memory, a bump allocator, and one function."""

    def __init__(self) -> None:
        self.memory = FakeMemory()
        self.host = FakeHost()
        self.next = 1024
        self.asked: list[int] = []
        self.freed: list[int] = []
        self.run: Callable[[int], int] = lambda argument: self.put(ANSWER)
        self.alloc: Callable[[int], int] = self.bump
        self.protocol = LinearGuest(self.host)
        self.protocol.attach(self.memory, lambda size: self.alloc(size), self.free, {RUN: lambda at: self.run(at)})

    def bump(self, size: int) -> int:
        self.asked.append(size)
        at, self.next = self.next, self.next + size
        return at

    def free(self, at: int) -> int:
        self.freed.append(at)
        return 0

    def put(self, data: bytes, at: int | None = None) -> int:
        at = self.bump(len(data)) if at is None else at
        self.memory.bytes[at : at + len(data)] = data
        return at

    def call(self, argument: bytes = ARGUMENT) -> bytes:
        return self.protocol.dispatch(RUN, argument)
