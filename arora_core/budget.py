"""What is left of the limits of the calls that run in this thread.

A guest with limits may wait in its host, have its host work, or call a guest with limits of its own, on another
executor or in another engine. All of that counts against the limits of the outer calls, so it is kept by thread, which
is what nested calls have in common. Executors that enforce ``Limits.deadline`` or ``Limits.fuel`` use it; calls without
limits never do.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from queue import Empty
from typing import Final, Protocol

from .errors import Interrupted, LimitExceeded
from .mailbox import Mailbox


class Tank(Protocol):
    """The fuel of one running call."""

    def left(self) -> int:
        """Return the units that are left."""
        ...

    def fill(self, fuel: int) -> None:
        """Set the units that are left."""
        ...


class Budget(threading.local):
    """The time and the fuel of the running calls of one thread."""

    until: float = inf
    """When the nearest deadline of the running calls passes, in seconds of ``time.monotonic``."""
    seconds: float = inf
    """``Limits.deadline`` of the call with that deadline."""
    tank: Tank | None = None
    """The fuel of the innermost running call that has a limit of it."""
    interruptions: Mailbox[None] | None = None
    """Where the innermost running call that can be interrupted learns that it is."""

    @contextmanager
    def limited(self, deadline: float | None, fuel: int | None, tank: Tank | None = None) -> Iterator[None]:
        """Run a call with these limits in the body of the ``with`` statement.

        It has until the nearest deadline of its callers at most. ``tank`` is filled with ``fuel``, or with what is left
        to the callers where that is less, and they pay for what the call uses.
        """
        until, seconds, outer, filled = self.until, self.seconds, self.tank, 0
        try:
            if deadline is not None and time.monotonic() + deadline < until:
                self.until, self.seconds = time.monotonic() + deadline, deadline
            if fuel is not None and tank is not None:
                filled = fuel if outer is None else min(fuel, outer.left())
                tank.fill(filled)
                self.tank = tank
            yield
        finally:
            self.until, self.seconds, self.tank = until, seconds, outer
            if fuel is not None and tank is not None and outer is not None:
                outer.fill(max(0, outer.left() - filled + tank.left()))

    @contextmanager
    def using(self, tank: Tank | None) -> Iterator[None]:
        """Run a nested call that uses up the fuel of a running one, or has no limit of it, in the body."""
        outer = self.tank
        try:
            self.tank = tank or outer
            yield
        finally:
            self.tank = outer

    @contextmanager
    def woken_by(self, interruptions: Mailbox[None]) -> Iterator[None]:
        """Run a call in the body of the ``with`` statement. What it waits for ends when something is in the queue."""
        outer, self.interruptions = self.interruptions, interruptions
        try:
            yield
        finally:
            self.interruptions = outer

    def wait(self, seconds: float) -> None:
        """Sleep. Raises LimitExceeded when the nearest deadline passes before the time is over, and Interrupted."""
        left = self.until - time.monotonic()
        self._sleep(max(0.0, min(seconds, left)))
        if seconds > left:
            raise self.deadline_exceeded(self.seconds)

    def _sleep(self, seconds: float) -> None:
        if self.interruptions is None:
            time.sleep(seconds)
            return
        try:
            self.interruptions.get(timeout=seconds)
        except Empty:
            return
        raise Interrupted("was interrupted")

    def check(self) -> None:
        """Raise LimitExceeded if the nearest deadline has passed."""
        if time.monotonic() > self.until:
            raise self.deadline_exceeded(self.seconds)

    def charge(self, fuel: int) -> None:
        """Use fuel for work that the host does for a guest. Raises LimitExceeded if less is left."""
        tank = self.tank
        if tank is not None:
            left = tank.left()
            tank.fill(max(0, left - fuel))
            if fuel > left:
                raise LimitExceeded(f"had {left} units of fuel left, and asked for work of {fuel}", limit="fuel")

    def deadline_exceeded(self, own: float | None) -> LimitExceeded:
        """Return the error for the nearest deadline, of a call whose own deadline is ``own``."""
        whose = "its" if own == self.seconds else "its caller's"
        return LimitExceeded(f"ran longer than {whose} deadline of {self.seconds} s", limit="deadline")


current: Final = Budget()
"""The budget of the current thread."""
