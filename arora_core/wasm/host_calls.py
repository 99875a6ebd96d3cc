"""The imports of a guest: calls of other modules and callables, and output."""

from __future__ import annotations

from typing import Final

from ..budget import current
from ..executor import Host
from .guest_interface import U32, U64
from .guest_memory import NO_MEMORY, PREFIX, SMALLEST, GuestMemory, not_ready

_ID: Final = 16
"""Size of the id of a module or a function, in bytes."""
_VECTOR: Final = 8
"""Size of an iovec, a pointer and a size, in bytes."""
_UNCHARGED: Final = 1024
"""Bytes of the largest argument that costs a guest no fuel to pass on."""
_MOST_VECTORS: Final = 1024
_MOST_WRITTEN: Final = 1 << 16
MOST_LINES: Final = 1024
"""Lines that one write ends at most: logging them takes the host's time, in which no limit stops the guest."""
_MOST_ANSWERS: Final = 2
"""Answers that may be in the guest's allocator at once, one for a call that the allocator made itself."""
_EBADF: Final = 8
_EFAULT: Final = 21


class HostCalls(GuestMemory):
    """The implementations of one guest's imports. Integers may arrive signed or unsigned."""

    __slots__ = ("_answering", "_host", "calls_out")

    def __init__(self, host: Host) -> None:
        super().__init__()
        self._host = host
        self._answering = 0
        self.calls_out = 0
        """The number of running calls of the guest to its host, which is the nesting depth of a call into the guest."""

    def answer_dispatch(self, module_at: int, function_at: int, argument_at: int) -> int:
        """Implement ``env.arora_dispatch``: take pointers, return the pointer to a result buffer that the guest owns.

        Raises Trap, and any exception of the host; the executor keeps that pending while it unwinds the guest.
        """
        return self.place_answer(self.ask_dispatch(module_at, function_at, argument_at))

    def answer_dispatch_indirect(self, callable_id: int) -> int:
        """Implement ``env.arora_dispatch_indirect``: take the id of a callable; return and raise as above."""
        return self.place_answer(self.ask_dispatch_indirect(callable_id))

    def place_answer(self, answer: bytes) -> int:
        """Copy an answer into memory from the guest's allocator; return its offset.

        The allocator is called again for the answer to a call that it makes itself. Raises Trap if it then makes one
        more: it would go on without end.
        """
        if self._answering == _MOST_ANSWERS:
            self._fail("called its host from arora_buffer_alloc, which was allocating the answer to another call")
        self._answering += 1
        try:
            return self.place(answer)
        finally:
            self._answering -= 1

    def ask_dispatch(self, module_at: int, function_at: int, argument_at: int) -> bytes:
        """Return the result buffer of ``env.arora_dispatch``, for an executor that copies it to the guest itself."""
        module_at, function_at, argument_at = module_at & U32, function_at & U32, argument_at & U32
        read, end = self._memory.read, self._size
        if module_at + _ID > end or function_at + _ID > end or argument_at + PREFIX > end:
            self._require(module_at, _ID, "a module id")
            self._require(function_at, _ID, "a function id")
            self._require(argument_at, PREFIX, "an argument buffer")
        size = int.from_bytes(read(argument_at, PREFIX), "little")
        if size < SMALLEST:
            self._fail(f"called arora_dispatch with a buffer of {size} bytes at {argument_at:#x}; the minimum is 5")
        if argument_at + size > end:
            self._require(argument_at, size, f"an argument buffer of {size} bytes")
        if size > _UNCHARGED:
            current.charge(size)
        module_id, function_id, argument = read(module_at, _ID), read(function_at, _ID), read(argument_at, size)
        self.calls_out += 1
        try:
            return self._host.dispatch(module_id, function_id, argument)
        finally:
            self.calls_out -= 1

    def ask_dispatch_indirect(self, callable_id: int) -> bytes:
        """Return the result buffer of ``env.arora_dispatch_indirect``."""
        if self._memory is NO_MEMORY:
            not_ready(0)
        self.calls_out += 1
        try:
            return self._host.dispatch_indirect(callable_id & U64)
        finally:
            self.calls_out -= 1

    def answer_fd_write(self, fd: int, vectors_at: int, count: int, written_at: int) -> int:
        """Implement ``wasi_snapshot_preview1.fd_write`` for stdout and stderr, which go to the host.

        Returns an errno of WASI. Writes at most 64 KiB and 1024 lines of the first 1024 vectors: guests have to expect
        partial writes.
        """
        vectors_at, written_at, fd = vectors_at & U32, written_at & U32, fd & U32
        vectors_end = vectors_at + (count & U32) * _VECTOR
        if fd not in (1, 2):
            return _EBADF
        if max(vectors_end, written_at + 4) > self._refreshed():
            return _EFAULT
        text = bytearray()
        for vector_at in range(vectors_at, vectors_end, _VECTOR)[:_MOST_VECTORS]:
            vector = self._memory.read(vector_at, _VECTOR)
            part_at, size = int.from_bytes(vector[:4], "little"), int.from_bytes(vector[4:], "little")
            if part_at + size > self._size:
                return _EFAULT
            text += self._memory.read(part_at, min(size, _MOST_WRITTEN - len(text)))
            if len(text) == _MOST_WRITTEN:
                break
        if text.count(b"\n") > MOST_LINES:
            del text[-len(text.split(b"\n", MOST_LINES)[-1]) :]
        self.write_output(fd, bytes(text))
        self._memory.write(written_at, len(text).to_bytes(4, "little"))
        return 0

    def write_output(self, fd: int, text: bytes) -> None:
        """Hand what the guest has written to file descriptor 1 or 2 to the host."""
        current.charge(len(text))
        self.calls_out += 1
        try:
            self._host.write_output(fd, text)
        finally:
            self.calls_out -= 1

    def _require(self, offset: int, size: int, what: str) -> None:
        if offset + size > self._refreshed():
            self._fail(f"called arora_dispatch with {what} at {offset:#x}", outside=True)
