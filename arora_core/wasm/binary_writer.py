"""The integers, names and sections of WebAssembly's binary format, encoded.

Reference: https://webassembly.github.io/spec/core/binary/modules.html
"""

from __future__ import annotations

from collections.abc import Sequence


def number(value: int) -> bytes:
    """Return ``value``, which is not negative, as unsigned LEB128."""
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def signed(value: int) -> bytes:
    """Return ``value`` as signed LEB128."""
    encoded = bytearray()
    while not -64 <= value < 64:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value & 0x7F)
    return bytes(encoded)


def name(text: str) -> bytes:
    """Return a name: its length in bytes, and UTF-8."""
    encoded = text.encode()
    return number(len(encoded)) + encoded


def vector(items: Sequence[bytes]) -> bytes:
    """Return encoded elements as a vector."""
    return number(len(items)) + b"".join(items)


def section(id: int, body: bytes) -> bytes:
    """Return a section of a module."""
    return bytes([id]) + number(len(body)) + body
