"""Reading the process's own memory by address.

``ctypes.string_at`` costs as much as a whole call into a library. One array over all addresses, made once, reads
at the speed of a slice. Nothing is checked here: an address is as good as who gave it.

``memory[start:stop]`` is a copy of the bytes between two addresses, ``size_at(sizes, address)`` a tuple of the
little-endian u32 there. They are not wrapped in functions: the call would cost more than the reading. ``view`` is
for what is worth more than a call.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from struct import Struct
from typing import Any, Final

_ADDRESSES: Final = 1 << 48
"""User space of the 64-bit platforms there are ends below this."""

_U32: Final = Struct("<I")


class SmallMemory:
    """Where addresses have 32 bits, and no array can cover them all: its size would be negative."""

    def __getitem__(self, addresses: slice) -> bytes:
        return ctypes.string_at(addresses.start, addresses.stop - addresses.start)


def small_size_at(memory: SmallMemory, address: int) -> tuple[int]:
    """The u32 at an address of a small memory."""
    size: tuple[int] = _U32.unpack(memory[address : address + _U32.size])
    return size


memory: Any
sizes: Any
size_at: Callable[[Any, int], tuple[Any, ...]]
if sys.maxsize > _ADDRESSES:
    memory = (ctypes.c_char * _ADDRESSES).from_address(0)
    sizes, size_at = memoryview(memory).cast("B"), _U32.unpack_from
else:
    memory = sizes = SmallMemory()
    size_at = small_size_at


def view(address: int, size: int) -> memoryview:
    """The bytes at an address themselves."""
    return memoryview((ctypes.c_char * size).from_address(address)).cast("B")
