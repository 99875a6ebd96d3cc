"""Generation of Python source that writes a buffer."""

from __future__ import annotations

import struct

from ..binding.large_argument import LargeArgument
from ..buffers.wire import PADDING, SIZE_PREFIX
from ..executor import TRANSFER_THRESHOLD
from .source_code import Source
from .struct_runs import Constant, Fixed, Part, run_of


class BufferWriter:
    """Generates the source that writes the parts of a buffer, or of a section of one, in order.

    The expressions that methods take refer to variables of ``source``.
    """

    def __init__(self, source: Source, fixed: int = SIZE_PREFIX, variable: tuple[str, ...] = ()) -> None:
        """``fixed`` and ``variable`` add up to the offset of the first part in the whole buffer."""
        self.source = source
        # Runs of fixed-size parts, with the names of variable-size bytes between them.
        self._pieces: list[list[Part] | str] = [[]]
        self._fixed = fixed
        self._variable = list(variable)
        self.padded = False
        """Whether the bytes depend on the offset, because packed items are padded."""

    def constant(self, data: bytes) -> None:
        """Write bytes that are the same in every call."""
        self._add(Constant(data), len(data))

    def fixed(self, code: str, expression: str) -> None:
        """Write a value by its ``struct`` code."""
        size = struct.calcsize("<" + code)
        self._add(Fixed(code, size, expression), size)

    def data(self, name: str) -> None:
        """Write the bytes that a variable holds."""
        self._pieces += [name, []]
        self._variable.append(f"len({name})")

    def string(self, expression: str) -> None:
        """Write the length and the UTF-8 bytes of a str."""
        text = self.source.variable("text")
        self.source.line(f"{text} = {expression}.encode()")
        self.source.relies_on(UnicodeEncodeError)
        self.fixed("I", f"len({text})")
        self.data(text)

    def pad(self) -> None:
        """Write the padding before packed items."""
        self.padded = True
        if not self._variable:
            self.constant(PADDING[self._fixed % 8])
            return
        pad = self.source.variable("pad")
        self.source.globals["PADDING"] = PADDING
        self.source.line(f"{pad} = PADDING[({self.offset()}) % 8]")
        self.data(pad)

    def offset(self) -> str:
        """Return the offset of the next part, a number or an expression."""
        return " + ".join([str(self._fixed), *self._variable] if self._fixed else self._variable or ["0"])

    def branch(self) -> BufferWriter:
        """Return a writer for a branch that starts here. Pass its :meth:`joined` bytes to :meth:`data`."""
        return BufferWriter(self.source, self._fixed, tuple(self._variable))

    def joined(self) -> str:
        """Return the expression for the bytes of all parts."""
        expressions = self._expressions()
        if len(expressions) == 1:
            return expressions[0]
        self.source.globals["join"] = b"".join
        return f"join(({', '.join(expressions)}))"

    def finish(self, *, in_pieces: bool = False) -> None:
        """Add the lines that return the buffer with its size prefix.

        With ``in_pieces``, a large buffer with packed items is not joined but raised as a :class:`LargeArgument`.
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
        # Raised for integers out of range; OverflowError is raised for floats out of range.
        self.source.relies_on(struct.error)
        if "f" in run.format:
            self.source.relies_on(OverflowError)
        return f"{self.source.refer('pack', struct.Struct(run.format).pack)}({', '.join(values)})"
