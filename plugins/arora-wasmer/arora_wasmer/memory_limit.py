"""A limit of memory, written into the module itself.

wasmer's Python interface has no setting for it. What a WebAssembly memory or table may grow to is part of its
declaration, though, and enforced by every runtime; guests may import neither, so all there are is declared.
(WebAssembly core specification, binary format: sections, limits.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from arora_core.errors import LimitExceeded
from arora_core.wasm.binary_reader import WasmReader

PAGE: Final = 65536
_TABLE_ELEMENT: Final = 8
"""Bytes an element of a table takes from the host's memory."""
_HEADER: Final = 8
_TABLES: Final = 4
_MEMORIES: Final = 5
_HAS_MOST: Final = 1


def limited(executable: bytes, memory: int) -> bytes:
    """A valid module, with no memory beyond ``memory`` bytes, and no table that takes more.

    Raises LimitExceeded when one begins beyond.
    """
    source = WasmReader(executable, _HEADER)
    parts = [executable[:_HEADER]]
    while source.left:
        begin = len(executable) - source.left
        section = source.byte()
        body = source.part(source.u32())
        if section == _MEMORIES:
            parts.append(_section(section, _limited_memories(body, memory)))
        elif section == _TABLES:
            parts.append(_section(section, _limited_tables(body, memory)))
        else:
            parts.append(executable[begin : len(executable) - source.left])
    return b"".join(parts)


def beyond(what: str, memory: int) -> LimitExceeded:
    """The error for a module that breaks its limit before it runs."""
    return LimitExceeded(f"{what}, its limit is {memory} bytes of memory", limit="memory")


def _limited_memories(source: WasmReader, memory: int) -> bytes:
    def first(least: int) -> str:
        return f"begins with {least * PAGE} bytes"

    count = source.u32()
    return _number(count) + b"".join(_limits(source, memory // PAGE, first, memory) for _ in range(count))


def _limited_tables(source: WasmReader, memory: int) -> bytes:
    def first(least: int) -> str:
        return f"begins with a table of {least} elements"

    count = source.u32()
    tables = []
    for _ in range(count):
        kind = source.byte()
        tables.append(bytes([kind]) + _limits(source, memory // _TABLE_ELEMENT, first, memory))
    return _number(count) + b"".join(tables)


def _limits(source: WasmReader, allowed: int, first: Callable[[int], str], memory: int) -> bytes:
    flags = source.byte()
    least = source.u64()
    most = source.u64() if flags & _HAS_MOST else allowed
    if least > allowed:
        raise beyond(first(least), memory)
    # A 32-bit table may not be declared larger than this, whatever the limit.
    return bytes([flags | _HAS_MOST]) + _number(least) + _number(min(most, allowed, 0xFFFF_FFFF))


def _section(id: int, body: bytes) -> bytes:
    return bytes([id]) + _number(len(body)) + body


def _number(value: int) -> bytes:
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
