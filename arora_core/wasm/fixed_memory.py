"""A guest's linear memory in this process, at an address that does not change."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from ctypes import c_char
from typing import Any


class FixedMemory:
    """A :class:`arora_core.linear_memory.MappedMemory` for runtimes that reserve address space and never move a memory.

    Because it never moves, one view stays valid for the bytes it covers: those that existed at the last call of
    ``size``. The guest protocol calls ``size`` before it accesses bytes beyond them.
    """

    def __init__(self, size: Callable[[], int], base: Callable[[], int]) -> None:
        """``size`` returns the current size in bytes, ``base`` the address, which is requested again after growth."""
        self._size = size
        self._base = base
        self._bytes: Any = b""
        self._view = memoryview(b"")

    def size(self) -> int:
        size = self._size()
        if size != len(self._bytes):
            window = self.window(0, size)
            # The view first: a signal's handler may raise before both are set, and then they are set anew.
            self._view = memoryview(window).cast("B")
            self._bytes = window
        return size

    def read(self, offset: int, size: int) -> bytes:
        # A slice of the array is a copy already; a slice of the view would need another step.
        data: bytes = self._bytes[offset : offset + size]
        return data

    def write(self, offset: int, data: bytes) -> None:
        self._view[offset : offset + len(data)] = data

    def view(self, offset: int, size: int) -> memoryview:
        return self._view[offset : offset + size]

    def window(self, offset: int, size: int) -> ctypes.Array[c_char]:
        """Return these bytes of memory as an array, not a copy, valid for the lifetime of the guest."""
        return (c_char * size).from_address(self._base() + offset)

    def close(self) -> None:
        """Drop the references to the memory. Call it before the memory is freed."""
        self._bytes = b""
        self._view = memoryview(b"")
