"""Source that writes a buffer."""

from __future__ import annotations

import struct
from typing import Final

from .. import numeric
from ..buffers.wire import SIZE_PREFIX, padding
from ..numeric import NumberKind
from ..values import Tag
from .layout import Constant, Fixed, Part, run_of
from .source import Source

_PADDING: Final = [bytes(padding(offset)) for offset in range(8)]


class BufferWriter:
    """Takes the parts of one buffer in order. The values they name are variables of the ``source``."""

    def __init__(self, source: Source) -> None:
        self.source = source
        # Runs of fixed-size parts, with the names of variable-size bytes between them.
        self._pieces: list[list[Part] | str] = [[]]
        self._fixed_size = SIZE_PREFIX

    def constant(self, data: bytes) -> None:
        """Bytes that are always the same."""
        self._add(Constant(data), len(data))

    def fixed(self, code: str, expression: str) -> None:
        """A value packed by a ``struct`` code."""
        size = struct.calcsize("<" + code)
        self._add(Fixed(code, size, expression), size)

    def string(self, expression: str) -> None:
        """The length and the bytes of a str."""
        data = self.source.variable("text")
        self.source.line(f"{data} = {expression}.encode()")
        self.fixed("I", f"len({data})")
        self._pieces += [data, []]

    def numbers(self, kind: NumberKind, expression: str) -> None:
        """An array of packed numbers, from its tag to its last item."""
        items, pack = self.source.variable("items"), self.source.refer("pack", numeric.pack)
        self.source.line(f"{items} = {pack}({self.source.refer('kind', kind)}, {expression})")
        self.constant(bytes([Tag.ARRAY, Tag[kind.name.upper()]]))
        self.fixed("I", f"len({items}) // {kind.size}")
        self._pad()
        self._pieces += [items, []]

    def finish(self) -> None:
        """Writes the line that returns the buffer."""
        size = self._size()
        prefix = Constant(struct.pack("<I", int(size))) if size.isdigit() else Fixed("I", SIZE_PREFIX, size)
        first = self._pieces[0]
        assert isinstance(first, list)
        first.insert(0, prefix)
        expressions = [piece if isinstance(piece, str) else self._packed(piece) for piece in self._pieces if piece]
        joined = f"join(({', '.join(expressions)}))" if len(expressions) > 1 else expressions[0]
        self.source.globals["join"] = b"".join
        self.source.line(f"return {joined}")

    def _add(self, part: Part, size: int) -> None:
        run = self._pieces[-1]
        assert isinstance(run, list)
        run.append(part)
        self._fixed_size += size

    def _pad(self) -> None:
        size = self._size()
        if size.isdigit():
            self.constant(_PADDING[int(size) % 8])
            return
        pad = self.source.variable("pad")
        self.source.globals["PADDING"] = _PADDING
        self.source.line(f"{pad} = PADDING[({size}) % 8]")
        self._pieces += [pad, []]

    def _size(self) -> str:
        """How many bytes there are so far: a number, or an expression for one."""
        return " + ".join([str(self._fixed_size), *[f"len({each})" for each in self._pieces if isinstance(each, str)]])

    def _packed(self, parts: list[Part]) -> str:
        run = run_of(parts)
        values = [
            self.source.refer("CONSTANT", each.data) if isinstance(each, Constant) else each.name for each in run.fields
        ]
        if len(values) == 1 and isinstance(run.fields[0], Constant):
            return values[0]
        return f"{self.source.refer('pack', struct.Struct(run.format).pack)}({', '.join(values)})"
