"""Reads by address, through one array over all memory or, with 32-bit addresses, piece by piece."""

from __future__ import annotations

import ctypes
from typing import Any

import pytest
from arora_native import address_space

SIZED = b"\x09\0\0\0hello" + b"behind"
SMALL = address_space.SmallMemory()


@pytest.mark.parametrize(
    ("memory", "sizes", "size_at"),
    [
        (address_space.memory, address_space.sizes, address_space.size_at),
        (SMALL, SMALL, address_space.small_size_at),
    ],
    ids=["this platform's", "with 32-bit addresses"],
)
def test_a_buffer_is_read_by_its_address(memory: Any, sizes: Any, size_at: Any) -> None:
    held = ctypes.create_string_buffer(SIZED)
    address = ctypes.addressof(held)
    (size,) = size_at(sizes, address)
    copied = memory[address : address + size]
    held[4] = b"j"
    assert (size, copied) == (9, SIZED[:9])


def test_a_view_is_the_memory_itself() -> None:
    held = ctypes.create_string_buffer(SIZED)
    view = address_space.view(ctypes.addressof(held), 9)
    held[4] = b"j"
    assert bytes(view) == b"\x09\0\0\0jello"
