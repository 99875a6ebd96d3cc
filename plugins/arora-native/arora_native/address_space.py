"""Reads and writes of the process's own memory by address.

``ctypes.string_at`` costs as much as a whole call into a library. Slicing one array over all addresses, made once, is
faster. Addresses are not checked, except by ``store``: a wrong one crashes the process.

``memory[start:stop]`` is a copy of the bytes between two addresses, ``size_at(sizes, address)`` a 1-tuple of the
little-endian u32 there. Neither is wrapped in a function, because the call would cost more than the read. ``view`` is
for reads that are worth a call.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from io import FileIO
from struct import Struct
from typing import Any, Final

_ADDRESSES: Final = 1 << 48
"""An upper bound of user-space addresses on 64-bit platforms."""

_U32: Final = Struct("<I")


class SmallMemory:
    """``memory`` for 32-bit addresses, where the size of an array over all of them would overflow."""

    def __getitem__(self, addresses: slice) -> bytes:
        return ctypes.string_at(addresses.start, addresses.stop - addresses.start)


def small_size_at(memory: SmallMemory, address: int) -> tuple[int]:
    """Return a 1-tuple of the little-endian u32 at an address."""
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
    """Return a writable view of ``size`` bytes at an address, without a copy."""
    return memoryview((ctypes.c_char * size).from_address(address)).cast("B")


def store(address: int, content: bytes) -> bool:
    """Write ``content``, a few bytes, to an address; return whether the memory there is writable."""
    if sys.platform == "win32":
        ctypes.memmove(address, content, len(content))
        return True
    # The kernel writes, as the contents of a pipe: where a store would crash the process, reading it fails.
    # Of files, unlike descriptors, an exception of a signal's handler leaves none open.
    source, sink = map(FileIO, os.pipe(), ("rb", "wb"))
    with source, sink:
        sink.write(content)
        read = ctypes.CDLL(None).read
        read.argtypes, read.restype = (ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t), ctypes.c_ssize_t
        return bool(read(source.fileno(), address, len(content)) == len(content))
