"""What wasmtime reports, as Arora's exceptions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from wasmtime import ExitTrap, TrapCode, WasmtimeError
from wasmtime import Trap as WasmtimeTrap

from arora_core.errors import CallError, LimitExceeded, Trap, TrapKind
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
_WORDS: Final = {
    TrapCode.INDIRECT_CALL_TO_NULL: "indirect call to null",
    TrapCode.BAD_SIGNATURE: "indirect call to a function of another signature",
}
_FRAMES: Final = 3
_LONGEST_NAME: Final = 80

BETWEEN: Final = "arora-wasmtime"
"""The name of modules that stand between a guest and its host, of which no user wants to hear."""


class Failures:
    """Turns the errors and traps of one instance into exceptions.

    ``names`` are what to call the guest's functions, by their symbol; functions it lacks keep the name the
    executable gives them.
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
            return LimitExceeded(f"ran longer than its deadline of {self._limits.deadline} s", limit="deadline")
        kind = _KINDS.get(code, TrapKind.OTHER) if code else TrapKind.OTHER
        if code is None:
            words = reason(trap)
        elif kind is TrapKind.OTHER:
            words = code.name.lower().replace("_", " ")
        else:
            words = _WORDS.get(code, kind.value)
        frames = self._innermost(trap)
        return Trap(f"{words} in {frames}" if frames else words, kind=kind)

    def _innermost(self, trap: WasmtimeTrap) -> str:
        frames = [frame for frame in trap.frames if frame.module_name != BETWEEN]
        names = [self._name(frame.func_name or f"function {frame.func_index}") for frame in frames[:_FRAMES]]
        if len(frames) > _FRAMES:
            names.append("...")
        return " <- ".join(names)

    def _name(self, symbol: str) -> str:
        # The executable chooses these names: they must not be able to fill a screen, or write lines of their own.
        name = self._names.get(symbol, symbol)
        shown = name if name.isprintable() else repr(name)
        return shown if len(shown) <= _LONGEST_NAME else shown[:_LONGEST_NAME] + "..."


def reason(error: Exception) -> str:
    """What wasmtime says, in one line, without a backtrace: the chain of causes joined by colons."""
    text, _, causes = str(error).partition("\n\nCaused by:\n")
    parts = [] if "backtrace" in text else [text]
    parts += [line.strip() for line in causes.splitlines()]
    return ": ".join(part.partition("\n")[0] for part in parts if part)
