"""The wire format by hand, without Arora's codecs: the reference for tests of ``arora.h`` and the examples."""

from __future__ import annotations

import struct


def buffer(value: bytes) -> bytes:
    return struct.pack("<I", 4 + len(value)) + value


def text(tag: int, content: str) -> bytes:
    return struct.pack("<BI", tag, len(content.encode())) + content.encode()


def structure(id: bytes, fields: list[tuple[bytes, bytes]]) -> bytes:
    return b"\x0d" + id + struct.pack("<I", len(fields)) + b"".join(field + value for field, value in fields)


def f64(number: float) -> bytes:
    return struct.pack("<Bd", 11, number)


def u32(number: int) -> bytes:
    return struct.pack("<BI", 4, number)


def error(message: str) -> bytes:
    return buffer(text(20, message))
