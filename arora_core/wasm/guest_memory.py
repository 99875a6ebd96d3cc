"""Checked access to a guest's memory and allocator.

Every pointer and size from the guest is compared with the size of its memory before use.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NoReturn

from ..errors import Trap, TrapKind
from .guest_interface import U32, Export, LinearMemory, MappedMemory

PREFIX: Final = 4
"""Size of a buffer's size prefix, in bytes."""
SMALLEST: Final = 5
"""Size of the smallest buffer, a prefix and a tag, in bytes."""
SLACK: Final = 8
"""Bytes allocated behind an argument, because guests may read a few bytes past its end."""


class GuestMemory:
    """The memory and the allocator of one guest, once they are attached."""

    __slots__ = ("_alloc", "_free", "_memory", "_size", "_view")

    _memory: LinearMemory
    _view: Callable[[int, int], memoryview] | None
    _alloc: Export
    _free: Export
    _size: int
    """The size of the memory in bytes when it was last queried; it may have grown since."""

    def __init__(self) -> None:
        self._detach_memory()

    def _attach_memory(self, memory: LinearMemory | MappedMemory, alloc: Export, free: Export) -> None:
        """Use this memory and this allocator."""
        self._memory = memory
        self._view = getattr(memory, "view", None)
        self._alloc = alloc
        self._free = free

    def _detach_memory(self) -> None:
        """Release the references to the guest's memory and allocator."""
        self._memory, self._view = NO_MEMORY, None
        self._size = 0
        self._alloc = self._free = not_ready

    # Buffers that the guest returns.

    def take(self, result_at: int, argument_at: int, argument_end: int) -> bytes:
        """Return a copy of a result buffer, and free it. The last two parameters are the range of the argument.

        Raises Trap of kind ABI for a buffer that is invalid, not entirely inside the memory, or in that range.
        """
        result = self._memory.read(result_at, self._checked_size(result_at, argument_at, argument_end))
        self._free(result_at)
        return result

    def _checked_size(self, result_at: int, argument_at: int, argument_end: int) -> int:
        """Return the size of a result buffer. Raises as :meth:`take` does."""
        end = result_at + PREFIX
        if end > self._size and end > self._refreshed():
            self._fail(f"returned a buffer at {result_at:#x}", outside=True)
        size = int.from_bytes(self._memory.read(result_at, PREFIX), "little")
        end = result_at + size
        if size < SMALLEST or not result_at or (end > self._size and end > self._refreshed()):
            self._refuse_result(result_at, size)
        if argument_at <= result_at < argument_end:
            # Results are freed, but the host owns the argument's memory and uses it again.
            self._fail(f"returned its own argument buffer, at {result_at:#x}")
        return size

    def _read_in_place(self, offset: int, size: int, read: Callable[[bytes | memoryview], Any]) -> Any:
        """Call ``read`` with these bytes, as a view where the memory has views; return its result."""
        if self._view is None:
            return read(self._memory.read(offset, size))
        with self._view(offset, size) as view:
            return read(view)

    # Memory that the guest's allocator reserves for buffers of the host.

    def place(self, data: bytes) -> int:
        """Copy ``data`` into memory from the guest's allocator; return its offset."""
        offset = self.reserve(len(data))
        self._memory.write(offset, data)
        return offset

    def reserve(self, size: int) -> int:
        """Allocate ``size`` bytes and :data:`SLACK` from the guest's allocator; return their offset."""
        reserved = size + SLACK
        if reserved > U32:
            self._fail(f"cannot take a buffer of {size} bytes, its memory has 32-bit addresses")
        return self.check_reserved(self._alloc(reserved) & U32, reserved)

    def release(self, offset: int) -> None:
        """Give memory of :meth:`reserve` back to the guest's allocator."""
        self._free(offset)

    def write(self, offset: int, data: bytes | memoryview) -> None:
        """Write bytes into memory of :meth:`reserve`."""
        if self._view is None:
            self._memory.write(offset, bytes(data))
        else:
            self._view(offset, len(data))[:] = data

    def read_into(self, offset: int, target: memoryview) -> None:
        """Copy memory of :meth:`reserve` into ``target``, which is of format ``B``."""
        if self._view is None:
            target[:] = self._memory.read(offset, len(target))
        else:
            target[:] = self._view(offset, len(target))

    def check_reserved(self, offset: int, reserved: int) -> int:
        """Return ``offset``, where the allocator reserved so many bytes. Raises Trap of kind ABI if it is invalid."""
        end = offset + reserved
        if not offset:
            self._fail(f"arora_buffer_alloc({reserved}) returned null: the guest is out of memory")
        if end > self._size and end > self._refreshed():
            self._fail(f"arora_buffer_alloc({reserved}) returned {offset:#x}", outside=True)
        return offset

    def _write_pieces(self, offset: int, size: int, pieces: Sequence[bytes | memoryview]) -> None:
        """Write the pieces of a buffer one after another."""
        if self._view is None:
            self._memory.write(offset, b"".join(pieces))
            return
        view, at = self._view(offset, size), 0
        for piece in pieces:
            view[at : at + len(piece)] = piece
            at += len(piece)

    # Failures.

    def _refreshed(self) -> int:
        """Update and return the size of the memory."""
        self._size = self._memory.size()
        return self._size

    def _refuse_result(self, offset: int, size: int) -> NoReturn:
        if not offset:
            self._fail("returned a null pointer")
        if size < SMALLEST:
            self._fail(f"returned a buffer of {size} bytes at {offset:#x}; the minimum is 5")
        self._fail(f"returned a buffer of {size} bytes at {offset:#x}", outside=True)

    def _fail(self, message: str, *, outside: bool = False) -> NoReturn:
        """Raise Trap of kind ABI. ``outside`` appends that the address lies outside the memory."""
        where = f", outside its {self._refreshed()} bytes of memory" if outside else ""
        raise Trap(message + where, kind=TrapKind.ABI)


class _NoMemory:
    """The memory of a guest that is not attached yet, or closed."""

    def size(self) -> int:
        return 0

    def read(self, offset: int, size: int) -> bytes:
        raise AssertionError("nothing lies inside an empty memory")

    def write(self, offset: int, data: bytes) -> None:
        raise AssertionError("nothing lies inside an empty memory")


NO_MEMORY: Final = _NoMemory()


def not_ready(_: int) -> int:
    """Raise Trap. Takes the place of the exports of a guest that is not attached."""
    raise Trap("called its host while it was still being instantiated", kind=TrapKind.ABI)
