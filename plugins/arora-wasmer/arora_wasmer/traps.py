"""What wasmer says about a crash, as Arora's exceptions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from arora_core.errors import Trap, TrapKind

_KINDS: Final = {
    "unreachable": TrapKind.UNREACHABLE,
    "out of bounds memory access": TrapKind.MEMORY_OUT_OF_BOUNDS,
    "undefined element: out of bounds table access": TrapKind.TABLE_OUT_OF_BOUNDS,
    "uninitialized element": TrapKind.INDIRECT_CALL,
    "indirect call type mismatch": TrapKind.INDIRECT_CALL,
    "integer divide by zero": TrapKind.INTEGER_DIVISION_BY_ZERO,
    "integer overflow": TrapKind.INTEGER_OVERFLOW,
    "invalid conversion to integer": TrapKind.BAD_CONVERSION,
    "call stack exhausted": TrapKind.STACK_OVERFLOW,
}
_WORDS: Final = {
    "uninitialized element": "indirect call to null",
    "indirect call type mismatch": "indirect call to a function of another signature",
}
_PREFIX: Final = "RuntimeError: "
_FRAME: Final = re.compile(r"    at (.*?)(?: \(<module>\[(\d+)\]:0x[0-9a-f]+\))?\Z")
_UNNAMED: Final = "<unnamed>"
_FRAMES: Final = 3
_READ: Final = 4096
"""Characters that are looked at: a guest that ran out of stack has a frame a line, and hundreds of thousands."""
_LONGEST_NAME: Final = 80


class Failures:
    """Turns what wasmer says about the crashes of one instance into exceptions.

    ``names`` are what to call the guest's functions, by their symbol; functions it lacks keep the name the
    executable gives them.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def __call__(self, error: RuntimeError) -> Trap:
        first, *frames = str(error)[:_READ].splitlines()
        said = first.removeprefix(_PREFIX)
        kind = _KINDS.get(said, TrapKind.OTHER)
        words = said if kind is TrapKind.OTHER else _WORDS.get(said, kind.value)
        names = [self._name(*found.groups()) for found in map(_FRAME.match, frames[:_FRAMES]) if found]
        if len(frames) > _FRAMES:
            names.append("...")
        return Trap(f"{words} in {' <- '.join(names)}" if names else words, kind=kind)

    def _name(self, symbol: str, index: str | None) -> str:
        # The executable chooses these names: they must not be able to fill a screen, or write lines of their own.
        name = f"function {index}" if symbol == _UNNAMED and index else self._names.get(symbol, symbol)
        shown = name if name.isprintable() else repr(name)
        return shown if len(shown) <= _LONGEST_NAME else shown[:_LONGEST_NAME] + "..."
