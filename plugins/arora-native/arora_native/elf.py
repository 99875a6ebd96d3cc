"""Reading ELF libraries of 64 bits, little-endian: segments, dynamic entries and dynamic symbols.

The formats: https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html; the hash table of GNU:
https://flapenguin.me/elf-dt-gnu-hash. Everything is read by the segments, as the loader does, because section headers
may be stripped.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import cached_property
from struct import Struct
from typing import Final, NamedTuple

from arora_core.errors import MalformedExecutable

IDENTIFICATION: Final = b"\x7fELF\x02\x01"
"""How a file begins that this module reads."""
PT_LOAD: Final = 1
PT_DYNAMIC: Final = 2
PT_PHDR: Final = 6
PF_X: Final = 1
DT_NEEDED: Final = 1
_DT_HASH: Final = 4
DT_STRTAB: Final = 5
_DT_SYMTAB: Final = 6
DT_RPATH: Final = 15
DT_RUNPATH: Final = 29
_DT_GNU_HASH: Final = 0x6FFF_FEF5

HEADER_TABLE: Final = Struct("<32xQ14xHH6x")
"""In the file header: the offset of the program headers, the size of one, and their number."""
PROGRAM_HEADER: Final = Struct("<IIQQQQQQ")
_DYNAMIC: Final = Struct("<QQ")
_SYMBOL: Final = Struct("<IBxHQQ")
_GNU_HASH: Final = Struct("<IIII")
_U32: Final = Struct("<I")


class Segment(NamedTuple):
    """A program header."""

    type: int
    flags: int
    offset: int
    address: int
    physical: int
    file_size: int
    memory_size: int
    alignment: int


class DynamicEntry(NamedTuple):
    """An entry of the dynamic section, and its offset in the file."""

    offset: int
    tag: int
    value: int


class Symbol(NamedTuple):
    """A dynamic symbol, its offset in the file, and its name as :meth:`Elf.string` takes it."""

    offset: int
    name: int
    binding: int
    section: int

    @property
    def defined(self) -> bool:
        """Whether the library defines it, rather than imports it."""
        return self.section != 0


class Elf:
    """A library. Reading a corrupt one raises MalformedExecutable, from the constructor or later."""

    def __init__(self, file: bytes) -> None:
        self.file = file
        table, each, count = self.read(HEADER_TABLE, 0)
        ends = [table + each * count]
        if ends[0] <= len(file) and each == PROGRAM_HEADER.size:
            self.segments = [Segment(*self.read(PROGRAM_HEADER, table + each * number)) for number in range(count)]
            ends += [segment.offset + segment.file_size for segment in self.segments]
        elif each != PROGRAM_HEADER.size:
            raise MalformedExecutable(f"a corrupt ELF library: program headers of {each} bytes")
        if max(ends) > len(file):
            raise MalformedExecutable(f"a truncated ELF library: {len(file)} of at least {max(ends)} bytes")

    @property
    def machine(self) -> int:
        """The number of the machine that it is for (62: x86-64, 183: AArch64)."""
        return int.from_bytes(self.file[18:20], "little")

    def read(self, form: Struct, offset: int) -> tuple[int, ...]:
        """Return the integers of a structure at an offset of the file."""
        try:
            return form.unpack_from(self.file, offset)
        except struct.error:
            raise MalformedExecutable(f"a truncated ELF library of {len(self.file)} bytes") from None

    @cached_property
    def dynamic(self) -> list[DynamicEntry]:
        """The dynamic section, without the entry that ends it."""
        entries = []
        for segment in self.segments:
            if segment.type == PT_DYNAMIC:
                for offset in range(segment.offset, segment.offset + segment.file_size, _DYNAMIC.size):
                    tag, value = self.read(_DYNAMIC, offset)
                    if not tag:
                        break
                    entries.append(DynamicEntry(offset, tag, value))
        return entries

    def value(self, tag: int) -> int | None:
        """Return the value of the dynamic entry with a tag, None if there is none."""
        return next((entry.value for entry in self.dynamic if entry.tag == tag), None)

    def string(self, number: int) -> bytes:
        """Return the string at an offset of the table of dynamic strings."""
        start = self._offset(self.value(DT_STRTAB) or 0) + number
        end = self.file.find(b"\0", start)
        return self.file[start : max(start, end)]

    @cached_property
    def symbols(self) -> list[Symbol]:
        """The dynamic symbols."""
        table = self.value(_DT_SYMTAB)
        return [] if table is None else list(self._symbols(self._offset(table)))

    def _symbols(self, table: int) -> Iterator[Symbol]:
        end = table + self._count() * _SYMBOL.size
        if end > len(self.file):
            raise MalformedExecutable(f"a corrupt ELF library: its symbols end at byte {end} of {len(self.file)}")
        entries = _SYMBOL.iter_unpack(memoryview(self.file)[table:end])
        for offset, (name, information, section, _, _) in zip(range(table, end, _SYMBOL.size), entries, strict=True):
            yield Symbol(offset, name, information >> 4, section)

    def _count(self) -> int:
        """Return the number of dynamic symbols, which only the hash tables tell."""
        if (table := self.value(_DT_HASH)) is not None:
            return self.read(_U32, self._offset(table) + _U32.size)[0]
        if (table := self.value(_DT_GNU_HASH)) is None:
            return 0
        start = self._offset(table)
        buckets, first, filters, _ = self.read(_GNU_HASH, start)
        start += _GNU_HASH.size + 8 * filters
        last = max(self.read(Struct(f"<{buckets}I"), start), default=0) if buckets < len(self.file) else 0
        if last < first:
            return first
        chains = start + _U32.size * buckets
        while not self.read(_U32, chains + _U32.size * (last - first))[0] & 1:
            last += 1
        return last + 1

    def _offset(self, address: int) -> int:
        """Return the offset in the file of what is loaded at an address."""
        for segment in self.segments:
            if segment.type == PT_LOAD and 0 <= address - segment.address < segment.file_size:
                return segment.offset + address - segment.address
        raise MalformedExecutable(f"a corrupt ELF library: nothing is loaded at address {address:#x}")
