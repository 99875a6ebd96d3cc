"""Memory limits, written into the module itself.

wasmer's Python interface has no setting for them. But the declaration of a WebAssembly memory or table includes its
maximum size, which every runtime enforces. Guests cannot import memories or tables, so the declarations cover all.
(WebAssembly core specification, binary format: sections, limits.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from arora_core.errors import LimitExceeded
from arora_core.wasm.binary_reader import WasmReader
from arora_core.wasm.binary_writer import number, section

PAGE: Final = 65536
_TABLE_ELEMENT: Final = 8
"""Bytes of host memory that a table element takes."""
_HEADER: Final = 8
_TABLES: Final = 4
_MEMORIES: Final = 5
_HAS_MAXIMUM: Final = 1


def limited(executable: bytes, memory: int) -> bytes:
    """Return the valid module ``executable`` with its memories and tables limited to ``memory`` bytes each.

    Raise LimitExceeded if the initial size of one is larger.
    """
    source = WasmReader(executable, _HEADER)
    parts = [executable[:_HEADER]]
    while source.left:
        begin = len(executable) - source.left
        id = source.byte()
        body = source.part(source.u32())
        if id == _MEMORIES:
            parts.append(section(id, _limited_memories(body, memory)))
        elif id == _TABLES:
            parts.append(section(id, _limited_tables(body, memory)))
        else:
            parts.append(executable[begin : len(executable) - source.left])
    return b"".join(parts)


def beyond(what: str, memory: int) -> LimitExceeded:
    """Return the error for a module that exceeds its limit before it runs."""
    return LimitExceeded(f"{what}, its limit is {memory} bytes of memory", limit="memory")


def _limited_memories(source: WasmReader, memory: int) -> bytes:
    def first(least: int) -> str:
        return f"begins with {least * PAGE} bytes"

    count = source.u32()
    return number(count) + b"".join(_limits(source, memory // PAGE, first, memory) for _ in range(count))


def _limited_tables(source: WasmReader, memory: int) -> bytes:
    def first(least: int) -> str:
        return f"begins with a table of {least} elements"

    count = source.u32()
    tables = []
    for _ in range(count):
        kind = source.byte()
        tables.append(bytes([kind]) + _limits(source, memory // _TABLE_ELEMENT, first, memory))
    return number(count) + b"".join(tables)


def _limits(source: WasmReader, allowed: int, first: Callable[[int], str], memory: int) -> bytes:
    flags = source.byte()
    least = source.u64()
    most = source.u64() if flags & _HAS_MAXIMUM else allowed
    if least > allowed:
        raise beyond(first(least), memory)
    # The largest maximum of a 32-bit table, whatever the limit.
    return bytes([flags | _HAS_MAXIMUM]) + number(least) + number(min(most, allowed, 0xFFFF_FFFF))
