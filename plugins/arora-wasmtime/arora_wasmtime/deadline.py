"""An alarm for deadlines: one thread an executor, which exists only while calls with deadlines are made."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from time import monotonic
from typing import Final

_LONGEST: Final = 3600.0
"""Seconds to wait at a time: there is an end to what can be waited for, and none to a deadline."""
_LINGER: Final = 1.0
"""Seconds the thread waits for the next call before it ends."""


class Alarm:
    """Calls what it is told to from a thread of its own, as soon as the time set for it has come."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._process = os.getpid()
        self._changed = threading.Condition()
        self._times: dict[object, tuple[float, Callable[[], None]]] = {}
        self._thread: threading.Thread | None = None
        self._waits_until = 0.0
        self._closed = False

    def set(self, key: object, time: float, ring: Callable[[], None]) -> None:
        """Calls ``ring`` at ``time``, in seconds of ``time.monotonic``, unless ``key`` is cancelled or set anew."""
        if self._process != os.getpid():
            # A forked child has neither the thread nor, for sure, a condition that nobody holds.
            self._reset()
        with self._changed:
            self._times[key] = time, ring
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="arora-wasmtime deadlines", daemon=True)
                thread.start()
                # Not before: one that could not be started would be waited for in vain.
                self._thread = thread
            elif time < self._waits_until:
                self._changed.notify()

    def cancel(self, key: object) -> None:
        """After this, what is set for ``key`` does not ring. Harmless when it has, or was never set."""
        with self._changed:
            self._times.pop(key, None)

    def close(self) -> None:
        """Ends the thread; nothing that was set before rings after this."""
        if self._process != os.getpid():
            return
        with self._changed:
            self._times.clear()
            self._closed = True
            thread = self._thread
            self._changed.notify()
        if thread is not None:
            thread.join()
        self._closed = False

    def _run(self) -> None:
        with self._changed:
            while not self._closed:
                now = monotonic()
                due = [key for key, (time, _) in self._times.items() if time <= now]
                for key in due:
                    self._times.pop(key)[1]()
                nearest = min((time for time, _ in self._times.values()), default=now + _LINGER)
                self._waits_until = nearest
                rested = not self._changed.wait(min(nearest - now, _LONGEST))
                if rested and not self._times and not due:
                    break
            self._thread = None
