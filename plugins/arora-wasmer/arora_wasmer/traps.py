"""Conversion of the library's failures to Arora's exceptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Final

from arora_core.budget import current
from arora_core.errors import CallError, Interrupted, LimitExceeded, Trap, TrapKind
from arora_core.executor import Limits

_OUT_OF_FUEL, _STOPPED = -3, -4

_KINDS: Final = {
    0: TrapKind.STACK_OVERFLOW,
    1: TrapKind.MEMORY_OUT_OF_BOUNDS,
    3: TrapKind.TABLE_OUT_OF_BOUNDS,
    4: TrapKind.INDIRECT_CALL,
    5: TrapKind.INDIRECT_CALL,
    6: TrapKind.INTEGER_OVERFLOW,
    7: TrapKind.INTEGER_DIVISION_BY_ZERO,
    8: TrapKind.BAD_CONVERSION,
    9: TrapKind.UNREACHABLE,
}
"""By the numbers of Wasmer's ``TrapCode``."""
_MESSAGES: Final = {
    4: "indirect call to null",
    5: "indirect call to a function of another signature",
}
_MAX_FRAMES: Final = 3
_MAX_NAME: Final = 80


class Failures:
    """Converts the failures of one instance to exceptions.

    ``names`` maps the symbols of the guest's functions to the names to print. Other functions keep their name in the
    executable.
    """

    def __init__(self, limits: Limits, names: Mapping[str, str]) -> None:
        self._limits = limits
        self._names = names

    def __call__(self, code: int, words: Sequence[str]) -> CallError:
        if code == _OUT_OF_FUEL:
            return LimitExceeded(f"used up its {self._limits.fuel} units of fuel", limit="fuel")
        if code == _STOPPED:
            return self._stopped()
        reported, *frames = words
        kind = _KINDS.get(code, TrapKind.OTHER)
        message = reported if kind is TrapKind.OTHER else _MESSAGES.get(code, kind.value)
        names = [self._name(*frame.partition("\0")[::2]) for frame in frames[:_MAX_FRAMES]]
        if len(frames) > _MAX_FRAMES:
            names.append("...")
        return Trap(f"{message} in {' <- '.join(names)}" if names else message, kind=kind)

    def _stopped(self) -> CallError:
        """Return the error of a call that its stop word has ended."""
        if self._limits.interruptible and monotonic() < current.until:
            return Interrupted("was interrupted")
        return current.deadline_exceeded(self._limits.deadline)

    def _name(self, index: str, symbol: str) -> str:
        # The executable chooses these names, so they are shortened and their control characters escaped.
        name = self._names.get(symbol, symbol) or f"function {index}"
        printable = name if name.isprintable() else repr(name)
        return printable if len(printable) <= _MAX_NAME else printable[:_MAX_NAME] + "..."
