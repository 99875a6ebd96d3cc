"""The interface between a WebAssembly executor and the guest protocol: memory, exports and calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol

from ..executor import Transfer

U32: Final = 0xFFFF_FFFF
U64: Final = 0xFFFF_FFFF_FFFF_FFFF

Export = Callable[[int], int]
"""An export of the guest. It takes and returns 32 bits, signed or not; the result of a function without one is ignored.
It raises Trap or LimitExceeded, or the pending exception (:class:`~.linear_memory.LinearGuest`)."""

BufferCall = Callable[[bytes], bytes]
"""A call that takes an argument buffer and returns a result buffer."""

TransferCall = Callable[[Transfer], Any]
"""A call that takes a :class:`~arora_core.executor.Transfer` and returns the result of its ``read``."""


class LinearMemory(Protocol):
    """A guest's memory. Offsets and sizes are in bytes; callers make sure that they lie inside the memory.

    An implementation must not use a view that growth of the memory has invalidated.
    """

    def size(self) -> int:
        """Return the current size in bytes. A WebAssembly memory never shrinks."""
        ...

    def read(self, offset: int, size: int) -> bytes:
        """Return a copy of ``size`` bytes."""
        ...

    def write(self, offset: int, data: bytes) -> None:
        """Write ``data`` at ``offset``."""
        ...


class GlobalVariable(Protocol):
    """A mutable global of type i32 that a guest exports."""

    def get(self) -> int:
        """Return its value, signed or not."""
        ...

    def set(self, value: int) -> None:
        """Set it to a value that ``get`` returned."""
        ...


class MappedMemory(LinearMemory, Protocol):
    """A guest's memory that is mapped into this process, so that it can be accessed without copies."""

    def view(self, offset: int, size: int) -> memoryview:
        """Return a writable view of these bytes, of format ``B``, valid until the guest runs again."""
        ...
