"""The fuel and deadline of one instance, counted per outermost call, and how the call is interrupted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Protocol

from ..budget import Tank, current
from ..executor import Limits
from ..lock import Lock
from ..mailbox import Mailbox
from .alarm import Alarm
from .guest_interface import BufferCall
from .linear_memory import LinearGuest


class Controls(Tank, Protocol):
    """What a runtime offers to limit the calls of one guest: its fuel, and what stops it."""

    def begin(self) -> object:
        """Let the next call run until :meth:`stop`."""
        ...

    def stop(self) -> object:
        """End the call that has begun, from any thread, and even if it has not entered the guest yet."""
        ...

    def close(self) -> object:
        """Release what belongs to the guest: from now on, nothing is counted or stopped."""
        ...


class Meter:
    """Sets fuel and deadline at each outermost call. A nested call uses up those of its outermost call.

    A call made by a guest with limits gets what is left of them, where that is less.
    """

    def __init__(self, guest: LinearGuest, limits: Limits, alarm: Alarm, controls: Controls, most_fuel: int) -> None:
        """``most_fuel`` is the most that the runtime can count."""
        self._guest = guest
        self._deadline = limits.deadline
        self._fuel = None if limits.fuel is None else min(limits.fuel, most_fuel)
        self._controls = controls
        self._tank = None if limits.fuel is None else controls
        self._begin = controls.begin
        self._alarm = alarm
        self._running = False
        self._interruptions: Mailbox[None] | None = Mailbox() if limits.interruptible else None
        """Of the running call. Each has a new one: what comes too late must not end the next call."""
        self._stops = self._deadline is not None or limits.interruptible
        self._stopping = Lock()
        """Held while a call is stopped: what stops it is released in it, too."""

    @property
    def metered(self) -> bool:
        """Whether there is anything to count."""
        return self._stops or self._fuel is not None

    def wrap(self, call: BufferCall) -> BufferCall:
        """Return ``call`` with the limits enforced."""
        if not self.metered:
            return call

        def run(argument: bytes) -> bytes:
            # A closed guest has nothing to set limits in; the call raises EngineClosed.
            if self._guest.closed:
                return call(argument)
            with current.using(self._tank) if self._running else self.running():
                return call(argument)

        return run

    @contextmanager
    def running(self) -> Iterator[None]:
        """Treat the body of the ``with`` statement as one outermost call."""
        if self._interruptions is not None:
            self._interruptions = Mailbox()
        # First: what stops the call from now on must not be undone.
        if self._stops:
            self._begin()
        self._running = True
        try:
            with (
                current.limited(self._deadline, self._fuel, self._tank),
                nullcontext() if self._interruptions is None else current.woken_by(self._interruptions),
            ):
                if self._deadline is not None:
                    self._alarm.set(self, current.until, self._end)
                yield
        finally:
            # Reset first, even if the rest raises: the next call must set its own limits.
            self._running = False
            if self._deadline is not None:
                self._alarm.cancel(self)

    def interrupt(self) -> None:
        """End the running call, from any thread. Does nothing if none is running or calls cannot be interrupted."""
        interruptions = self._interruptions
        if interruptions is None or not self._running or self._guest.closed:
            return
        interruptions.put(None)
        # The next call begins anew, so this does not stop a later one.
        self._end()

    def close(self) -> None:
        """Release the controls, outside of any call. Call it before the guest is freed.

        A finalizer may do so, in the middle of any code of its thread, also where that holds the alarm's lock. So the
        alarm is not cancelled: each call has done that, and one that was kept from it rings in vain.
        """
        # The alarm may be about to stop a call.
        with self._stopping:
            self._controls.close()

    def _end(self) -> None:
        with self._stopping:
            self._controls.stop()
