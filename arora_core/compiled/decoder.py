"""Source that reads a buffer."""

from __future__ import annotations

import struct
from array import array

from ..buffers.wire import SIZE_PREFIX
from ..numeric import NumberKind
from ..values import Tag
from .layout import Constant, Fixed, Part, run_of
from .source import Source


class BufferReader:
    """Takes the parts that a buffer must have, in order; ``fixed`` and the others name what they read."""

    def __init__(self, source: Source, buffer: str) -> None:
        self.source = source
        self._buffer = buffer
        self._size = source.variable("size")
        self._run: list[Part] = [Fixed("I", SIZE_PREFIX, self._size)]
        self._offset = "0"
        self._sized = False

    def constant(self, data: bytes) -> None:
        """Bytes that must be these."""
        self._run.append(Constant(data))

    def fixed(self, code: str, prefix: str = "value") -> str:
        """A value unpacked by a ``struct`` code; returns the variable that holds it."""
        name = self.source.variable(prefix)
        self._run.append(Fixed(code, struct.calcsize("<" + code), name))
        return name

    def string(self) -> str:
        """A length and that many bytes of UTF-8; returns the variable that holds the str."""
        text, length = self.source.variable("text"), self.fixed("I", "length")
        start, stop = self._variable(self._flushed(), length)
        self.source.line(f"{text} = {self._buffer}[{start}:{stop}].decode()")
        return text

    def numbers(self, kind: NumberKind) -> str:
        """An array of packed numbers; returns the variable that holds them, as bytes or an ``array.array``."""
        self.constant(bytes([Tag.ARRAY, Tag[kind.name.upper()]]))
        count, items, at = self.fixed("I", "count"), self.source.variable("items"), self.source.variable("at")
        end = self._flushed()
        self.source.line(f"{at} = {end} + 8 - ({end}) % 8")
        start, stop = self._variable(at, f"{count} * {kind.size}" if kind.size > 1 else count)
        if kind.name == "u8":
            self.source.line(f"{items} = {self._buffer}[{start}:{stop}]")
        else:
            self.source.globals["array"] = array
            self.source.line(f"{items} = array({kind.code!r})")
            # Through a view: the items are copied once, from the buffer into the array.
            self.source.line(f"{items}.frombytes(memoryview({self._buffer})[{start}:{stop}])")
        return items

    def finish(self) -> None:
        """Requires the buffer to end here."""
        self.source.line(f"if {self._flushed()} != {self._size}: raise Leave")

    def _variable(self, start: str, size: str) -> tuple[str, str]:
        """Where ``size`` bytes from ``start`` lie, which is inside the buffer."""
        stop = self.source.variable("at")
        self.source.line(f"{stop} = {start} + {size}")
        self.source.line(f"if {stop} > {self._size}: raise Leave")
        self._offset = stop
        return start, stop

    def _flushed(self) -> str:
        """Reads the run of fixed-size parts; returns where it ends."""
        if not self._run:
            return self._offset
        run = run_of(self._run)
        self._run = []
        names = [self.source.variable("constant") if isinstance(each, Constant) else each.name for each in run.fields]
        unpack = self.source.refer("unpack", struct.Struct(run.format).unpack_from)
        self.source.line(f"{', '.join(names)}, = {unpack}({self._buffer}, {self._offset})")
        checks = [
            f"{name} != {self.source.refer('CONSTANT', each.data)}"
            for name, each in zip(names, run.fields, strict=True)
            if isinstance(each, Constant)
        ]
        if not self._sized:
            self._sized = True
            checks.append(f"{self._size} != len({self._buffer})")
        if checks:
            self.source.line(f"if {' or '.join(checks)}: raise Leave")
        self._offset = str(int(self._offset) + run.size) if self._offset.isdigit() else f"{self._offset} + {run.size}"
        return self._offset
