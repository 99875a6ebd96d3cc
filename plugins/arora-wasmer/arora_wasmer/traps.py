"""Conversion of wasmer's errors to Arora's exceptions."""

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
_MESSAGES: Final = {
    "uninitialized element": "indirect call to null",
    "indirect call type mismatch": "indirect call to a function of another signature",
}
_PREFIX: Final = "RuntimeError: "
_FRAME: Final = re.compile(r"    at (.*?)(?: \(<module>\[(\d+)\]:0x[0-9a-f]+\))?\Z")
_UNNAMED: Final = "<unnamed>"
_MAX_FRAMES: Final = 3
_MAX_READ: Final = 4096
"""Characters of the message that are parsed. After a stack overflow it has hundreds of thousands of lines."""
_MAX_NAME: Final = 80


class Failures:
    """Converts the errors that wasmer raises for one instance to traps.

    ``names`` maps the symbols of the guest's functions to the names to print. Other functions keep their name in the
    executable.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def __call__(self, error: RuntimeError) -> Trap:
        first, *frames = str(error)[:_MAX_READ].splitlines()
        reported = first.removeprefix(_PREFIX)
        kind = _KINDS.get(reported, TrapKind.OTHER)
        message = reported if kind is TrapKind.OTHER else _MESSAGES.get(reported, kind.value)
        names = [self._name(*found.groups()) for found in map(_FRAME.match, frames[:_MAX_FRAMES]) if found]
        if len(frames) > _MAX_FRAMES:
            names.append("...")
        return Trap(f"{message} in {' <- '.join(names)}" if names else message, kind=kind)

    def _name(self, symbol: str, index: str | None) -> str:
        # The executable chooses these names, so they are shortened and their control characters escaped.
        name = f"function {index}" if symbol == _UNNAMED and index else self._names.get(symbol, symbol)
        printable = name if name.isprintable() else repr(name)
        return printable if len(printable) <= _MAX_NAME else printable[:_MAX_NAME] + "..."
