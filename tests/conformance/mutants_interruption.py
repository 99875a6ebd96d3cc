"""Faults in how running calls are interrupted."""

from __future__ import annotations

from time import monotonic, sleep
from typing import Final
from weakref import WeakSet

from arora_core.budget import current
from arora_core.errors import Interrupted, LimitExceeded
from arora_core.executor import Host, Limits
from arora_core.header import ModuleDefinition
from arora_core.linear_memory import BufferCall
from arora_core.mailbox import Mailbox

from .faults import mutant
from .mutants_hosts import Delegating
from .reference import ReferenceInstance


@mutant("a running call is interrupted")
class IgnoresInterruptions(ReferenceInstance):
    def interrupt(self) -> None:
        pass


@mutant("a running call is interrupted")
class StopsAtAnInterruptionWithAnotherError(ReferenceInstance):
    def wrap_call(self, call: BufferCall) -> BufferCall:
        wrapped = super().wrap_call(call)

        def stopped(argument: bytes) -> bytes:
            try:
                return wrapped(argument)
            except Interrupted:
                raise RuntimeError("stopped") from None

        return stopped


@mutant("an interrupted guest keeps its state")
class ForgetsItsStateWhenInterrupted(ReferenceInstance):
    def wrap_call(self, call: BufferCall) -> BufferCall:
        wrapped = super().wrap_call(call)

        def forgetting(argument: bytes) -> bytes:
            try:
                return wrapped(argument)
            except Interrupted:
                self.guest.kept = 0
                raise

        return forgetting


class _Remembering(ReferenceInstance):
    """Ends the next call where it was interrupted after the last one. Subclasses say when it is."""

    asked = False

    def interrupts_next(self) -> bool:
        raise NotImplementedError

    def interrupt(self) -> None:
        if self.guest.meter.running:
            super().interrupt()
        elif self.interrupts_next():
            self.asked = True

    def wrap_call(self, call: BufferCall) -> BufferCall:
        wrapped = super().wrap_call(call)

        def remembering(argument: bytes) -> bytes:
            if self.asked:
                self.asked = False
                raise Interrupted("was interrupted")
            self.called = True
            return wrapped(argument)

        return remembering

    called = False


@mutant("an interruption while no call runs is none of the next")
class InterruptsTheFirstCall(_Remembering):
    def interrupts_next(self) -> bool:
        return not self.called


@mutant("an interruption that comes too late is none of the next")
class InterruptsTheNextCall(_Remembering):
    def interrupts_next(self) -> bool:
        return self.called


_together: Final[WeakSet[ReferenceInstance]] = WeakSet()


@mutant("an interruption ends calls of its own instance alone")
class InterruptsItsNeighbours(ReferenceInstance):
    def __init__(self, definition: ModuleDefinition, host: Host, limits: Limits) -> None:
        super().__init__(definition, host, limits)
        _together.add(self)

    def interrupt(self) -> None:
        for each in list(_together):
            each.guest.meter.interrupt()


class _Noting(Delegating):
    """Notes whether a call was dispatched."""

    dispatched = False

    def dispatch(self, module_id: bytes, function_id: bytes, argument: bytes) -> bytes:
        self.dispatched = True
        return self.host.dispatch(module_id, function_id, argument)


@mutant("a caller is interrupted with the module that it called")
class InterruptsNoCallers(ReferenceInstance):
    def __init__(self, definition: ModuleDefinition, host: Host, limits: Limits) -> None:
        self.noting = _Noting(host)
        super().__init__(definition, self.noting, limits)

    def interrupt(self) -> None:
        if not self.noting.dispatched:
            super().interrupt()


class _Deaf(Mailbox[None]):
    """Wakes nobody."""

    def get(self, timeout: float | None = None) -> None:
        sleep(timeout or 0)


@mutant("a guest that sleeps is interrupted")
class IsNotWoken(ReferenceInstance):
    def wrap_call(self, call: BufferCall) -> BufferCall:
        def asleep(argument: bytes) -> bytes:
            with current.woken_by(_Deaf()):
                return call(argument)

        return super().wrap_call(asleep)


@mutant("an interruption is not a deadline")
class TakesInterruptionsForDeadlines(ReferenceInstance):
    def wrap_call(self, call: BufferCall) -> BufferCall:
        wrapped = super().wrap_call(call)

        def mistaken(argument: bytes) -> bytes:
            try:
                return wrapped(argument)
            except Interrupted:
                if current.until < monotonic() or self.limits.deadline is None:
                    raise
                raise LimitExceeded("ran too long", limit="deadline") from None

        return mistaken

    def __init__(self, definition: ModuleDefinition, host: Host, limits: Limits) -> None:
        self.limits = limits
        super().__init__(definition, host, limits)


@mutant("calls that are not interrupted are left alone", everywhere=True)
class InterruptsLongCalls(ReferenceInstance):
    def wrap_call(self, call: BufferCall) -> BufferCall:
        wrapped = super().wrap_call(call)
        calls = 0

        def counting(argument: bytes) -> bytes:
            nonlocal calls
            calls += 1
            if calls % 10 == 0:
                raise Interrupted("was interrupted")
            return wrapped(argument)

        return counting
