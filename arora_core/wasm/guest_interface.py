"""What a WebAssembly executor supplies: a guest's memory and exports, and the calls made of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol

from ..executor import Transfer

U32: Final = 0xFFFF_FFFF
U64: Final = 0xFFFF_FFFF_FFFF_FFFF

Export = Callable[[int], int]
"""An export of the guest. It takes and returns 32 bits, signed or not (what a function without result returns is
ignored), and raises Trap or LimitExceeded, or the exception that :class:`~.linear_memory.LinearGuest` carries."""

BufferCall = Callable[[bytes], bytes]
"""An argument buffer to a result buffer."""

TransferCall = Callable[[Transfer], Any]
"""A large argument, and what reads the result, to what that returns."""


class LinearMemory(Protocol):
    """A guest's memory. Offsets and sizes are bytes, and lie inside the memory: the caller has seen to that.

    Neither may hold on to a view beyond what a growing memory permits, and ``read`` returns a copy.
    """

    def size(self) -> int:
        """How many bytes there are now. A WebAssembly memory never shrinks."""
        ...

    def read(self, offset: int, size: int) -> bytes: ...

    def write(self, offset: int, data: bytes) -> None: ...


class MappedMemory(LinearMemory, Protocol):
    """A guest's memory that is in the process's own, and need not be copied to be looked at."""

    def view(self, offset: int, size: int) -> memoryview:
        """These bytes themselves, one by one and writable; valid until the guest runs again."""
        ...
