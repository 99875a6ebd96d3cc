"""Source that writes a buffer."""

from __future__ import annotations

import struct

from ..binding.large_argument import LargeArgument
from ..buffers.wire import PADDING, SIZE_PREFIX
from ..executor import TRANSFER_THRESHOLD
from .source_code import Source
from .struct_runs import Constant, Fixed, Part, run_of


class BufferWriter:
    """Takes the parts of a buffer, or of a stretch of one, in order. The values they name are variables of the
    ``source``."""

    def __init__(self, source: Source, fixed: int = SIZE_PREFIX, variable: tuple[str, ...] = ()) -> None:
        """``fixed`` and ``variable`` add up to the offset in the whole buffer at which these parts begin."""
        self.source = source
        # Runs of fixed-size parts, with the names of variable-size bytes between them.
        self._pieces: list[list[Part] | str] = [[]]
        self._fixed = fixed
        self._variable = list(variable)
        self.padded = False
        """Whether the bytes depend on the offset."""

    def constant(self, data: bytes) -> None:
        """Bytes that are always the same."""
        self._add(Constant(data), len(data))

    def fixed(self, code: str, expression: str) -> None:
        """A value packed by a ``struct`` code."""
        size = struct.calcsize("<" + code)
        self._add(Fixed(code, size, expression), size)

    def data(self, name: str) -> None:
        """The bytes that a variable holds."""
        self._pieces += [name, []]
        self._variable.append(f"len({name})")

    def string(self, expression: str) -> None:
        """The length and the bytes of a str."""
        text = self.source.variable("text")
        self.source.line(f"{text} = {expression}.encode()")
        self.source.relies_on(UnicodeEncodeError)
        self.fixed("I", f"len({text})")
        self.data(text)

    def pad(self) -> None:
        """The padding that stands before packed items."""
        self.padded = True
        if not self._variable:
            self.constant(PADDING[self._fixed % 8])
            return
        pad = self.source.variable("pad")
        self.source.globals["PADDING"] = PADDING
        self.source.line(f"{pad} = PADDING[({self.offset()}) % 8]")
        self.data(pad)

    def offset(self) -> str:
        """Where the next part will stand: a number, or an expression for one."""
        return " + ".join([str(self._fixed), *self._variable] if self._fixed else self._variable or ["0"])

    def branch(self) -> BufferWriter:
        """A writer of what may follow here; its :meth:`joined` bytes are to be given to :meth:`data`."""
        return BufferWriter(self.source, self._fixed, tuple(self._variable))

    def joined(self) -> str:
        """The expression for the bytes of all parts."""
        expressions = self._expressions()
        if len(expressions) == 1:
            return expressions[0]
        self.source.globals["join"] = b"".join
        return f"join(({', '.join(expressions)}))"

    def finish(self, *, in_pieces: bool = False) -> None:
        """Writes the lines that return the buffer, its size in front.

        With ``in_pieces``, one that is large because of its packed items is not joined: see :class:`LargeArgument`.
        """
        size = self.offset()
        prefix = Fixed("I", SIZE_PREFIX, size) if self._variable else Constant(struct.pack("<I", self._fixed))
        first = self._pieces[0]
        assert isinstance(first, list)
        first.insert(0, prefix)
        if in_pieces and self.padded:
            self.source.globals["LargeArgument"] = LargeArgument
            self.source.line(f"if {size} > {TRANSFER_THRESHOLD}: raise LargeArgument({', '.join(self._expressions())})")
        self.source.line(f"return {self.joined()}")

    def _expressions(self) -> list[str]:
        return [piece if isinstance(piece, str) else self._packed(piece) for piece in self._pieces if piece]

    def _add(self, part: Part, size: int) -> None:
        run = self._pieces[-1]
        assert isinstance(run, list)
        run.append(part)
        self._fixed += size

    def _packed(self, parts: list[Part]) -> str:
        run = run_of(parts)
        values = [
            self.source.refer("CONSTANT", each.data) if isinstance(each, Constant) else each.name for each in run.fields
        ]
        if len(values) == 1 and isinstance(run.fields[0], Constant):
            return values[0]
        # Raised for numbers out of range; OverflowError for floats that are.
        self.source.relies_on(struct.error)
        if "f" in run.format:
            self.source.relies_on(OverflowError)
        return f"{self.source.refer('pack', struct.Struct(run.format).pack)}({', '.join(values)})"
