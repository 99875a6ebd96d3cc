"""Generation of Python source that reads a buffer."""

from __future__ import annotations

import struct

from ..buffers.wire import PADDING_SIZES, SIZE_PREFIX
from .source_code import Source
from .struct_runs import Constant, Fixed, Part, Run, Skipped, run_of


class BufferReader:
    """Generates the source that reads the parts of a buffer, in order.

    Methods that read a value return the variable or expression that holds it.
    """

    def __init__(self, source: Source, buffer: str) -> None:
        self.source = source
        self.buffer = buffer
        self._size = source.variable("size")
        self._run: list[Part] = []
        self._offset = "0"
        self._begun = False

    def constant(self, data: bytes) -> None:
        """Require these bytes."""
        self._run.append(Constant(data))

    def skipped(self, size: int) -> None:
        """Skip ``size`` bytes."""
        self._run.append(Skipped(size))

    def fixed(self, code: str, prefix: str = "value") -> str:
        """Read a value by its ``struct`` code; return the variable that holds it."""
        name = self.source.variable(prefix)
        self._run.append(Fixed(code, struct.calcsize("<" + code), name))
        return name

    def string(self) -> str:
        """Read a length and that many bytes of UTF-8; return the variable that holds the str."""
        length = self.fixed("I", "length")
        start, stop = self.stretch(self.offset(), length)
        text = self.source.variable("text")
        # Not ``decode``: the buffer may be a memoryview, which has none.
        self.source.line(f"{text} = str({self.buffer}[{start}:{stop}], 'utf-8')")
        self.source.relies_on(UnicodeDecodeError)
        return text

    def packed(self, count: str, item_size: int) -> tuple[str, str]:
        """Skip the padding and ``count`` packed items; return where the items begin and end."""
        end, at = self.offset(), self.source.variable("at")
        self.source.globals["PADDING_SIZES"] = PADDING_SIZES
        self.source.line(f"{at} = {end} + PADDING_SIZES[({end}) % 8]")
        return self.stretch(at, count if item_size == 1 else f"{count} * {item_size}")

    def stretch(self, start: str, size: str) -> tuple[str, str]:
        """Skip ``size`` bytes from ``start``, which must lie inside the buffer; return where they begin and end."""
        stop = self.source.variable("at")
        self.source.line(f"{stop} = {start} + {size}")
        self.source.line(f"if {stop} > {self._size}: raise Leave")
        self._offset = stop
        return start, stop

    def offset(self) -> str:
        """Read the pending run of fixed-size parts; return the offset of its end, a number or an expression."""
        if not self._begun:
            self._begun = True
            self._run.insert(0, Fixed("I", SIZE_PREFIX, self._size))
            self._read(f"{self._size} != len({self.buffer})")
        elif self._run:
            self._read()
        return self._offset

    def settle(self) -> str:
        """Store the offset in a variable, which branches and loops advance; return its name."""
        at = self.source.variable("at")
        self.move(at)
        return at

    def move(self, at: str) -> None:
        """Advance the variable of a settled offset to the current offset, and continue from it."""
        self.source.line(f"{at} = {self.offset()}")
        self._offset = at

    def back_to(self, at: str) -> None:
        """Continue from a settled offset, at the start of another branch."""
        self._offset = at

    def take_run(self) -> Run:
        """Return the pending run of fixed-size parts, which the caller has to read."""
        run, self._run = run_of(self._run), []
        return run

    def finish(self) -> None:
        """Require the buffer to end here."""
        if self._begun:
            self.source.line(f"if {self.offset()} != {self._size}: raise Leave")
            return
        # The whole buffer has a fixed size: its prefix is one more constant, and the Struct rejects any other size.
        size = SIZE_PREFIX + run_of(self._run).size
        self._run.insert(0, Constant(struct.pack("<I", size)))
        run = self.take_run()
        self._unpack(run, f"{self.source.refer('unpack', struct.Struct(run.format).unpack)}({self.buffer})")

    def names(self, run: Run) -> tuple[str, list[str]]:
        """Return the assignment target for an unpacked run, and the conditions on its constants."""
        names = [self.source.variable("constant") if isinstance(each, Constant) else each.name for each in run.fields]
        conditions = [
            f"{name} == {self.source.refer('CONSTANT', each.data)}"
            for name, each in zip(names, run.fields, strict=True)
            if isinstance(each, Constant)
        ]
        return "".join(f"{name}, " for name in names).rstrip(" "), conditions

    def _read(self, *mistakes: str) -> None:
        run = self.take_run()
        unpack = self.source.refer("unpack", struct.Struct(run.format).unpack_from)
        self._unpack(run, f"{unpack}({self.buffer}, {self._offset})", *mistakes)
        self._offset = str(int(self._offset) + run.size) if self._offset.isdigit() else f"{self._offset} + {run.size}"

    def _unpack(self, run: Run, unpacked: str, *mistakes: str) -> None:
        target, conditions = self.names(run)
        # Raised for a buffer that is too short.
        self.source.relies_on(struct.error)
        self.source.line(f"{target} = {unpacked}" if target else unpacked)
        mistakes += tuple(each.replace("==", "!=") for each in conditions)
        if mistakes:
            self.source.line(f"if {' or '.join(mistakes)}: raise Leave")
