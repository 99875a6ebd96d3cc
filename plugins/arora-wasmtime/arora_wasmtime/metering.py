"""The fuel and deadline of one instance, counted per outermost call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from wasmtime import Engine

from arora_core.budget import current
from arora_core.executor import Limits
from arora_core.linear_memory import BufferCall, LinearGuest

from .calls import Calls
from .deadline import Alarm

_MOST_FUEL: Final = 2**64 - 1


class Meter:
    """Sets fuel and deadline at each outermost call. A nested call uses up those of its outermost call.

    A call made by a guest with limits gets what is left of them, where that is less. All stores of an engine share its
    epoch, so with a deadline ``engine`` must belong to this instance alone. The meter is the tank of the instance's
    calls (:class:`arora_core.budget.Tank`).
    """

    def __init__(self, engine: Engine, guest: LinearGuest, calls: Calls, limits: Limits, alarm: Alarm) -> None:
        self._guest = guest
        self._calls = calls
        self._deadline = limits.deadline
        self._fuel = None if limits.fuel is None else min(limits.fuel, _MOST_FUEL)
        self._tank = None if limits.fuel is None else self
        self._set_deadline = calls.deadline_setter()
        self._alarm = alarm
        self._stop = engine.increment_epoch
        self._running = False

    def wrap(self, call: BufferCall) -> BufferCall:
        """Return ``call`` with the limits enforced."""
        if self._deadline is None and self._fuel is None:
            return call

        def run(argument: bytes) -> bytes:
            # A closed guest has no store to set limits in; the call raises EngineClosed.
            if self._guest.closed:
                return call(argument)
            with current.using(self._tank) if self._running else self.running():
                return call(argument)

        return run

    @contextmanager
    def running(self) -> Iterator[None]:
        """Treat the body of the ``with`` statement as one outermost call."""
        self._running = True
        try:
            with current.limited(self._deadline, self._fuel, self):
                if self._deadline is not None:
                    self._set_deadline()
                    self._alarm.set(self, current.until, self._stop)
                yield
        finally:
            # Reset first, even if the rest raises: the next call must set its own limits.
            self._running = False
            if self._deadline is not None:
                self._alarm.cancel(self)

    def left(self) -> int:
        return self._calls.fuel()

    def fill(self, fuel: int) -> None:
        self._calls.set_fuel(fuel)

    def close(self) -> None:
        """Cancel the alarm."""
        if self._deadline is not None:
            self._alarm.cancel(self)
