"""A guest's linear memory where it lies: in this process, at an address that does not change."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from ctypes import c_char
from typing import Any


class FixedMemory:
    """A :class:`arora_core.linear_memory.MappedMemory` for runtimes that reserve address space and never move it.

    So a view taken once stays right for the bytes it covers. It covers those there were when ``size`` was last asked,
    and the protocol asks before it goes beyond.
    """

    def __init__(self, size: Callable[[], int], base: Callable[[], int]) -> None:
        """``size`` returns how many bytes there are now, ``base`` their address: called when there are more."""
        self._size = size
        self._base = base
        self._bytes: Any = b""
        self._view = memoryview(b"")

    def size(self) -> int:
        size = self._size()
        if size != len(self._bytes):
            self._bytes = self.window(0, size)
            self._view = memoryview(self._bytes).cast("B")
        return size

    def read(self, offset: int, size: int) -> bytes:
        # As a slice of the array: to be a copy, one of the view takes a step more.
        data: bytes = self._bytes[offset : offset + size]
        return data

    def write(self, offset: int, data: bytes) -> None:
        self._view[offset : offset + len(data)] = data

    def view(self, offset: int, size: int) -> memoryview:
        return self._view[offset : offset + size]

    def window(self, offset: int, size: int) -> ctypes.Array[c_char]:
        """Return these bytes of memory, valid for as long as the guest lives."""
        return (c_char * size).from_address(self._base() + offset)

    def close(self) -> None:
        """Forget the memory; to be called before it is freed."""
        self._bytes = b""
        self._view = memoryview(b"")
