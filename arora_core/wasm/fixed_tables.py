"""Tables under a memory limit: they keep their initial size, and what they take counts.

Runtimes limit each table by itself, and a module may have many. But the declaration of a table includes its maximum,
which every runtime enforces. Guests cannot import tables, so the declarations cover all of them.
(WebAssembly core specification, binary format: sections, limits.)
"""

from __future__ import annotations

from typing import Final, NamedTuple

from ..errors import LimitExceeded
from .binary_reader import WasmReader
from .binary_writer import number, section

PAGE: Final = 65536
_ELEMENT: Final = 8
"""Bytes of host memory that an element of a table takes."""
_HEADER: Final = 8
_TABLES: Final = 4
_HAS_MAXIMUM: Final = 1
_WITH_INITIAL_VALUE: Final = 0x40
_TYPED_REFERENCES: Final = (0x63, 0x64)


class FixedTables(NamedTuple):
    """A module whose tables keep their initial size."""

    executable: bytes
    """The same bytes if no table could grow anyway."""
    size: int
    """The host memory that all tables take together, in bytes, rounded down to whole pages of 64 KiB."""


def fix(executable: bytes, memory: int) -> FixedTables:
    """Return the valid module ``executable`` with tables that cannot grow, for a memory limit in bytes.

    Raises LimitExceeded if the tables are larger together, or one has an initial value.
    """
    source = WasmReader(executable, _HEADER)
    while source.left:
        begin = len(executable) - source.left
        id = source.byte()
        body = source.part(source.u32())
        if id == _TABLES:
            end = len(executable) - source.left
            elements, fixed = _tables(body, memory)
            if elements * _ELEMENT > memory:
                raise beyond(f"begins with tables of {elements} elements", memory)
            changed = executable[:begin] + section(id, fixed) + executable[end:]
            return FixedTables(changed, elements * _ELEMENT // PAGE * PAGE)
    return FixedTables(executable, 0)


def beyond(what: str, memory: int) -> LimitExceeded:
    """Return the error for a module that exceeds its limit before it runs."""
    return LimitExceeded(f"{what}, its limit is {memory} bytes of memory", limit="memory")


def _tables(source: WasmReader, memory: int) -> tuple[int, bytes]:
    """Return the number of elements in all tables, and the content of the section that fixes it."""
    count = source.u32()
    elements, fixed = 0, bytearray(number(count))
    for _ in range(count):
        kind = source.byte()
        if kind == _WITH_INITIAL_VALUE:
            raise beyond("has a table with an initial value, which cannot be limited", memory)
        fixed.append(kind)
        if kind in _TYPED_REFERENCES:
            fixed += number(source.s33() & 0x7F) if source.peek() & 0x40 else number(source.s33())
        flags, least = source.byte(), source.u64()
        if flags & _HAS_MAXIMUM:
            source.u64()
        fixed += bytes([flags | _HAS_MAXIMUM]) + number(least) * 2
        elements += least
    return elements, bytes(fixed)
