"""What the end of a worker means to the call that was running."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Final

from arora_core.errors import CallError, LimitExceeded, Trap, TrapKind

from .channel import Stage
from .crash_record import FPE_INTOVF, Crash

Ending = Callable[[], CallError]
"""Makes the error for each call that the end of a worker ends."""

_KINDS: Final = {
    signal.SIGSEGV: TrapKind.MEMORY_OUT_OF_BOUNDS,
    signal.SIGBUS: TrapKind.MEMORY_OUT_OF_BOUNDS,
    signal.SIGFPE: TrapKind.INTEGER_DIVISION_BY_ZERO,
    signal.SIGILL: TrapKind.UNREACHABLE,
    signal.SIGTRAP: TrapKind.UNREACHABLE,
    signal.SIGABRT: TrapKind.UNREACHABLE,
}
_NEAR: Final = 1 << 20
"""Bytes below its stack pointer at which a thread that ran out of stack writes."""


def ending_of(status: int | None, crash: Crash | None, exited: int | None, stage: int) -> Ending:
    """Return what the end of a worker means, by its status as of ``os.waitpid`` and what it has written down."""
    if status is None:
        return _trap("its worker has ended, and nobody knows why", TrapKind.OTHER)
    if stage == Stage.OUT_OF_MEMORY:
        return lambda: LimitExceeded("ran out of memory", limit="memory")
    if stage == Stage.FAILED:
        return _trap("its worker could not go on", TrapKind.OTHER)
    if os.WIFEXITED(status):
        code = os.WEXITSTATUS(status) if exited is None else exited
        return lambda: Trap(f"exited with code {code}", kind=TrapKind.EXIT, exit_code=code)
    number = os.WTERMSIG(status) if crash is None else crash.signal
    if crash is None or crash.code <= 0:
        kind = _KINDS.get(signal.Signals(number), TrapKind.OTHER) if number != signal.SIGKILL else TrapKind.OTHER
        return _trap(f"its worker was ended by {_name(number)}", kind)
    if stage == Stage.READING:
        return _trap(f"handed its host a pointer outside of its memory ({crash.address:#x})", TrapKind.ABI)
    return _trap(f"crashed with {_name(number)}{_place(crash)}", _kind(crash))


def _trap(message: str, kind: TrapKind) -> Ending:
    return lambda: Trap(message, kind=kind)


def _kind(crash: Crash) -> TrapKind:
    if crash.signal == signal.SIGFPE and crash.code == FPE_INTOVF:
        return TrapKind.INTEGER_OVERFLOW
    if crash.signal == signal.SIGSEGV and crash.address == crash.instruction:
        # There is no code where it has gone.
        return TrapKind.TABLE_OUT_OF_BOUNDS if crash.address else TrapKind.INDIRECT_CALL
    if crash.signal == signal.SIGSEGV and crash.stack - _NEAR <= crash.address < crash.stack + _NEAR:
        return TrapKind.STACK_OVERFLOW
    return _KINDS.get(signal.Signals(crash.signal), TrapKind.OTHER)


def _place(crash: Crash) -> str:
    address = f" at address {crash.address:#x}" if crash.signal in (signal.SIGSEGV, signal.SIGBUS) else ""
    return f"{address} in {crash.frames}" if crash.frames else address


def _name(number: int) -> str:
    try:
        return f"{signal.Signals(number).name} ({(signal.strsignal(number) or '').lower()})"
    except ValueError:
        return f"signal {number}"
