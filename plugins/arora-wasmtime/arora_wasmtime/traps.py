"""Conversion of wasmtime-py's errors and traps to Arora's exceptions."""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic
from typing import Final

from wasmtime import ExitTrap, TrapCode, WasmtimeError
from wasmtime import Trap as WasmtimeTrap

from arora_core.budget import current
from arora_core.errors import CallError, Interrupted, LimitExceeded, Trap, TrapKind
from arora_core.executor import Limits

_KINDS: Final = {
    TrapCode.UNREACHABLE: TrapKind.UNREACHABLE,
    TrapCode.MEMORY_OUT_OF_BOUNDS: TrapKind.MEMORY_OUT_OF_BOUNDS,
    TrapCode.TABLE_OUT_OF_BOUNDS: TrapKind.TABLE_OUT_OF_BOUNDS,
    TrapCode.INDIRECT_CALL_TO_NULL: TrapKind.INDIRECT_CALL,
    TrapCode.BAD_SIGNATURE: TrapKind.INDIRECT_CALL,
    TrapCode.INTEGER_DIVISION_BY_ZERO: TrapKind.INTEGER_DIVISION_BY_ZERO,
    TrapCode.INTEGER_OVERFLOW: TrapKind.INTEGER_OVERFLOW,
    TrapCode.BAD_CONVERSION_TO_INTEGER: TrapKind.BAD_CONVERSION,
    TrapCode.STACK_OVERFLOW: TrapKind.STACK_OVERFLOW,
}
_MESSAGES: Final = {
    TrapCode.INDIRECT_CALL_TO_NULL: "indirect call to null",
    TrapCode.BAD_SIGNATURE: "indirect call to a function of another signature",
}
_MAX_FRAMES: Final = 3
_MAX_NAME: Final = 80

ADAPTER: Final = "arora-wasmtime"
"""The name of adapter modules. Messages leave out their frames."""


class Failures:
    """Converts the errors and traps of one instance to exceptions.

    ``names`` maps the symbols of the guest's functions to the names to print. Other functions keep their name in the
    executable.
    """

    def __init__(self, limits: Limits, names: Mapping[str, str]) -> None:
        self._limits = limits
        self._names = names

    def __call__(self, failure: WasmtimeError | WasmtimeTrap) -> CallError:
        if isinstance(failure, WasmtimeTrap):
            return self._trap(failure)
        if isinstance(failure, ExitTrap):
            return Trap(f"exited with code {failure.code}", kind=TrapKind.EXIT, exit_code=failure.code)
        return Trap(reason(failure))

    def _trap(self, trap: WasmtimeTrap) -> CallError:
        code = trap.trap_code
        if code is TrapCode.OUT_OF_FUEL:
            return LimitExceeded(f"used up its {self._limits.fuel} units of fuel", limit="fuel")
        if code is TrapCode.INTERRUPT:
            return self._stopped()
        kind = _KINDS.get(code, TrapKind.OTHER) if code else TrapKind.OTHER
        if code is None:
            message = reason(trap)
        elif kind is TrapKind.OTHER:
            message = code.name.lower().replace("_", " ")
        else:
            message = _MESSAGES.get(code, kind.value)
        frames = self._innermost(trap)
        return Trap(f"{message} in {frames}" if frames else message, kind=kind)

    def _stopped(self) -> CallError:
        """Return the error of a call that was stopped by its engine's epoch."""
        if self._limits.interruptible and monotonic() < current.until:
            return Interrupted("was interrupted")
        return current.deadline_exceeded(self._limits.deadline)

    def _innermost(self, trap: WasmtimeTrap) -> str:
        frames = [frame for frame in trap.frames if frame.module_name != ADAPTER]
        names = [self._name(frame.func_name or f"function {frame.func_index}") for frame in frames[:_MAX_FRAMES]]
        if len(frames) > _MAX_FRAMES:
            names.append("...")
        return " <- ".join(names)

    def _name(self, symbol: str) -> str:
        # The executable chooses these names, so they are shortened and their control characters escaped.
        name = self._names.get(symbol, symbol)
        printable = name if name.isprintable() else repr(name)
        return printable if len(printable) <= _MAX_NAME else printable[:_MAX_NAME] + "..."


def reason(error: Exception) -> str:
    """Return the message of ``error`` as one line, without a backtrace: its chain of causes joined by colons."""
    text, _, causes = str(error).partition("\n\nCaused by:\n")
    parts = [] if "backtrace" in text else [text]
    parts += [line.strip() for line in causes.splitlines()]
    return ": ".join(part.partition("\n")[0] for part in parts if part)
