"""Fuel and deadline of one instance: both count from the outermost call into it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Final

from wasmtime import Engine

from arora_core.executor import Limits
from arora_core.linear_memory import BufferCall, LinearGuest

from .calls import Calls
from .deadline import Alarm

_MOST_FUEL: Final = 2**64 - 1


class Meter:
    """Starts when the guest is entered from outside. A call nested in another goes on its outer call's account.

    An engine's epoch is one for all its stores: with a deadline, ``engine`` has to be the instance's alone.
    """

    def __init__(self, engine: Engine, guest: LinearGuest, calls: Calls, limits: Limits, alarm: Alarm) -> None:
        self._guest = guest
        self._deadline = limits.deadline
        self._set_deadline = calls.setting_deadline()
        self._set_fuel = None if limits.fuel is None else calls.setting_fuel(min(limits.fuel, _MOST_FUEL))
        self._alarm = alarm
        self._stop = engine.increment_epoch
        self._running = False

    def around(self, call: BufferCall) -> BufferCall:
        """``call``, held to the limits."""
        if self._deadline is None and self._set_fuel is None:
            return call

        def run(argument: bytes) -> bytes:
            # One that is closed has no store to set anything in: the call says so.
            if self._running or self._guest.closed:
                return call(argument)
            with self.running():
                return call(argument)

        return run

    @contextmanager
    def running(self) -> Iterator[None]:
        """What happens inside is one outermost call."""
        self._running = True
        try:
            if self._set_fuel is not None:
                self._set_fuel()
            if self._deadline is not None:
                self._set_deadline()
                self._alarm.set(self, monotonic() + self._deadline, self._stop)
            yield
        finally:
            # First, whatever comes of the rest: the next call has to set its own limits.
            self._running = False
            if self._deadline is not None:
                self._alarm.cancel(self)

    def close(self) -> None:
        """Sees to it that the engine is not asked to stop anything any more."""
        if self._deadline is not None:
            self._alarm.cancel(self)
