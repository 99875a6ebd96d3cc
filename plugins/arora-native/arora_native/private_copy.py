"""Changes to the copy of a library that make it work, and stay private, wherever the copy lies.

- ``$ORIGIN`` in the search paths of a library stands for the directory of its file. In the copy it becomes the
  directory of the original, so that its neighbours are found.
- Symbols with the binding ``STB_GNU_UNIQUE`` exist once in a process. g++ gives it to static variables in templates and
  inline functions: all copies of a library would share them, and none could be unloaded. In the copy they become weak
  symbols, which is what g++ makes of them with ``-fno-gnu-unique``.

Only ELF libraries of 64 bits, little-endian, are changed.
"""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path
from struct import pack_into
from typing import Final

from .elf import (
    DT_NEEDED,
    DT_RPATH,
    DT_RUNPATH,
    DT_STRTAB,
    IDENTIFICATION,
    PROGRAM_HEADER,
    PT_LOAD,
    PT_PHDR,
    Elf,
    Segment,
)

_LOG: Final = logging.getLogger("arora.native")
_ORIGIN: Final = re.compile(rb"\$(?:ORIGIN\b|\{ORIGIN\})")
_STB_WEAK: Final = 2
_STB_GNU_UNIQUE: Final = 10
_SYMBOL_INFORMATION: Final = 4
_PF_R: Final = 4
_ALIGNMENT: Final = 1 << 16
"""The largest page size of common platforms."""


def private_copy(executable: bytes, path: Path | None) -> bytes:
    """Return what to load in place of the library ``executable``, which was read from ``path``."""
    if not executable.startswith(IDENTIFICATION):
        return executable
    elf = Elf(executable)
    copy = bytearray(executable)
    _weaken_unique(elf, copy)
    if path is not None:
        _fix_origin(elf, copy, path)
    return bytes(copy)


def uses_origin(executable: bytes) -> bool:
    """Whether the library finds others relative to its own directory."""
    return executable.startswith(IDENTIFICATION) and bool(_with_origin(Elf(executable)))


def search_path(executable: bytes, path: Path | None) -> list[str]:
    """Return the directories in which the library itself says that others are, as its copy says it."""
    if not executable.startswith(IDENTIFICATION):
        return []
    elf = Elf(executable)
    named = [elf.string(each.value) for each in elf.dynamic if each.tag in (DT_RPATH, DT_RUNPATH)]
    places = [place for each in named for place in each.split(b":") if place]
    if path is None:
        return [os.fsdecode(place) for place in places if not _ORIGIN.search(place)]
    directory = os.fsencode(path.absolute().parent)
    return [os.fsdecode(_ORIGIN.sub(lambda _: directory, place)) for place in places]


def _weaken_unique(elf: Elf, copy: bytearray) -> None:
    unique = [symbol for symbol in elf.symbols if symbol.defined and symbol.binding == _STB_GNU_UNIQUE]
    for symbol in unique:
        at = symbol.offset + _SYMBOL_INFORMATION
        copy[at] = copy[at] & 0xF | _STB_WEAK << 4
    if unique:
        _LOG.info(
            "a library has %d symbols that are unique in a process (STB_GNU_UNIQUE), such as %s; they are private to "
            "this copy of it, as if it had been compiled with -fno-gnu-unique",
            len(unique),
            elf.string(unique[0].name).decode(errors="backslashreplace"),
        )


def _with_origin(elf: Elf) -> dict[int, bytes]:
    """Return the strings with ``$ORIGIN``, by the offsets in the file of their dynamic entries."""
    strings = {
        entry.offset: elf.string(entry.value) for entry in elf.dynamic if entry.tag in (DT_NEEDED, DT_RPATH, DT_RUNPATH)
    }
    return {offset: string for offset, string in strings.items() if _ORIGIN.search(string)}


def _fix_origin(elf: Elf, copy: bytearray, path: Path) -> None:
    """Replace ``$ORIGIN`` by the directory of ``path``.

    The new strings are longer than the old ones. They go into a segment of their own at the end of the file, together
    with the table of segments, which has to grow.
    """
    relative = _with_origin(elf)
    if not relative:
        return
    directory = os.fsencode(path.absolute().parent)
    start, address = _aligned(len(copy)), _aligned(max(s.address + s.memory_size for s in elf.segments))
    table_size = PROGRAM_HEADER.size * (len(elf.segments) + 1)
    strings = bytearray()
    for offset, string in relative.items():
        number = address + table_size + len(strings) - (elf.value(DT_STRTAB) or 0)
        pack_into("<Q", copy, offset + 8, number)
        strings += _ORIGIN.sub(lambda _: directory, string) + b"\0"
    size = table_size + len(strings)
    added = Segment(PT_LOAD, _PF_R, start, address, address, size, size, _ALIGNMENT)
    table = b"".join(PROGRAM_HEADER.pack(*segment) for segment in _with_segment(elf.segments, added, table_size))
    copy += bytes(start - len(copy)) + table + strings
    pack_into("<Q", copy, 32, start)
    pack_into("<H", copy, 56, len(elf.segments) + 1)


def _with_segment(segments: list[Segment], added: Segment, table_size: int) -> list[Segment]:
    """Return the segments with one more behind the last that is loaded; the table itself is at its start."""
    own = added._replace(type=PT_PHDR, file_size=table_size, memory_size=table_size, alignment=8)
    moved = [own if segment.type == PT_PHDR else segment for segment in segments]
    last = max(number for number, segment in enumerate(moved) if segment.type == PT_LOAD)
    return [*moved[: last + 1], added, *moved[last + 1 :]]


def _aligned(number: int) -> int:
    return -(-number // _ALIGNMENT) * _ALIGNMENT
