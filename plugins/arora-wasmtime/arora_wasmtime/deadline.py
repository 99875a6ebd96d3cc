"""The alarm for deadlines: one thread per executor, running only while calls with deadlines are made."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from time import monotonic
from typing import Final

_LONGEST: Final = 3600.0
"""Seconds of the longest single wait. Condition.wait has a maximum timeout, deadlines do not."""
_LINGER: Final = 1.0
"""Seconds the thread waits for the next call before it ends."""


class Alarm:
    """Calls functions at set times, from its own thread."""

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
        """Call ``ring`` at ``time``, in seconds of ``time.monotonic``, unless ``key`` is cancelled or set again."""
        if self._process != os.getpid():
            # A forked child lacks the thread, and may have inherited the condition locked.
            self._reset()
        with self._changed:
            self._times[key] = time, ring
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="arora-wasmtime deadlines", daemon=True)
                thread.start()
                # Set after start(): if that raises, the next call has to start a thread.
                self._thread = thread
            elif time < self._waits_until:
                self._changed.notify()

    def cancel(self, key: object) -> None:
        """Cancel the alarm of ``key``. Does nothing if it has rung or was never set."""
        with self._changed:
            self._times.pop(key, None)

    def close(self) -> None:
        """Cancel all alarms and end the thread."""
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
