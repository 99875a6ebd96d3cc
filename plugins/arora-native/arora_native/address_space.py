"""Reading the process's own memory by address.

``ctypes.string_at`` costs as much as a whole call into a library. One view over all addresses, made once, reads
at the speed of a slice. Nothing is checked here: an address is as good as who gave it.
"""

from __future__ import annotations

import ctypes
import struct
import sys
from typing import Final

_ADDRESSES: Final = 1 << 48
"""User space of the 64-bit platforms there are ends below this."""

_unpack_u32: Final = struct.Struct("<I").unpack_from

if sys.maxsize > _ADDRESSES:
    _memory: Final = memoryview((ctypes.c_ubyte * _ADDRESSES).from_address(0)).cast("B")

    def read_u32(address: int) -> int:
        """The little-endian u32 at ``address``."""
        number: int = _unpack_u32(_memory, address)[0]
        return number

    def read(address: int, size: int) -> bytes:
        """A copy of ``size`` bytes at ``address``."""
        return _memory[address : address + size].tobytes()

else:  # 32-bit addresses do not fit the signed sizes of Python there

    def read_u32(address: int) -> int:
        """The little-endian u32 at ``address``."""
        return int.from_bytes(ctypes.string_at(address, 4), "little")

    def read(address: int, size: int) -> bytes:
        """A copy of ``size`` bytes at ``address``."""
        return bytes((ctypes.c_char * size).from_address(address))
