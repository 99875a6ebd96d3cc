"""An alarm for deadlines: one thread an engine, which exists only while calls with deadlines are made."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from time import monotonic
from typing import Final

_LINGER: Final = 1.0
"""Seconds the thread waits for the next call before it ends."""


class Alarm:
    """Calls ``ring`` from a thread of its own as soon as any set time has come."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._reset()

    def _reset(self) -> None:
        self._process = os.getpid()
        self._changed = threading.Condition()
        self._times: dict[int, float] = {}
        self._last = 0
        self._thread: threading.Thread | None = None
        self._waits_until = 0.0
        self._closed = False

    def set(self, time: float) -> int:
        """Rings at ``time``, in seconds of ``time.monotonic``; returns what ``cancel`` takes."""
        if self._process != os.getpid():
            # A forked child has neither the thread nor, for sure, a condition that nobody holds.
            self._reset()
        with self._changed:
            self._last += 1
            self._times[self._last] = time
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="arora-wasmtime deadlines", daemon=True)
                self._thread.start()
            elif time < self._waits_until:
                self._changed.notify()
            return self._last

    def cancel(self, number: int) -> None:
        """Takes back what ``set`` returned ``number`` for. Harmless when it has rung."""
        with self._changed:
            self._times.pop(number, None)

    def close(self) -> None:
        """Ends the thread; after this, nothing rings."""
        if self._process != os.getpid():
            return
        with self._changed:
            self._closed = True
            thread = self._thread
            self._changed.notify()
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        with self._changed:
            while not self._closed:
                now = monotonic()
                due = [number for number, time in self._times.items() if time <= now]
                for number in due:
                    del self._times[number]
                if due:
                    self._ring()
                nearest = min(self._times.values(), default=now + _LINGER)
                self._waits_until = nearest
                rested = not self._changed.wait(nearest - now)
                if rested and not self._times and not due:
                    break
            self._thread = None
