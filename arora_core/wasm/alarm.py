"""The alarm for deadlines: one thread per executor, running only while calls with deadlines are made.

A signal's handler may raise between any two steps of the calls here, as Ctrl-C does. So only primitives in C are used:
``with`` our Lock always ends with the lock released, while Condition and Event, which are written in Python, may be
left locked. For the same reason the thread is not a ``threading.Thread``, which starts with an Event. Such a handler,
and a finalizer, may also make a call with a deadline there, so the lock is one that its thread can take again.
"""

from __future__ import annotations

import _thread
import os
import threading
from collections.abc import Callable
from queue import Empty
from time import monotonic
from typing import Final

from ..lock import Lock
from ..mailbox import Mailbox

_LONGEST: Final = 3600.0
"""Seconds of the longest single wait. ``Mailbox.get`` has a longest timeout, deadlines do not."""
_LINGER: Final = 1.0
"""Seconds the thread waits for the next call before it ends."""


class _Thread:
    """The two signals between an alarm and its thread."""

    __slots__ = ("ended", "woken")

    def __init__(self) -> None:
        self.woken: Mailbox[None] = Mailbox()
        self.ended = threading.Lock()
        """Held until the thread ends."""
        self.ended.acquire()


class Alarm:
    """Calls functions at set times, from its own thread."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._lock = Lock()
        self._times: dict[object, tuple[float, Callable[[], None]]] = {}
        self._thread: _Thread | None = None
        """The thread that rings. Any other that runs ends at its next step."""
        self._waits_until = 0.0
        self._process = os.getpid()

    def set(self, key: object, time: float, ring: Callable[[], None]) -> None:
        """Call ``ring`` at ``time``, in seconds of ``time.monotonic``, unless ``key`` is cancelled or set again."""
        if self._process != os.getpid():
            # A forked child lacks the thread, and may have inherited the lock locked.
            self._reset()
        with self._lock:
            self._times[key] = time, ring
            if self._thread is None:
                self._start()
            elif time < self._waits_until:
                self._thread.woken.put(None)

    def cancel(self, key: object) -> None:
        """Cancel the alarm of ``key``. Does nothing if it has rung or was never set."""
        with self._lock:
            self._times.pop(key, None)

    def close(self) -> None:
        """Cancel all alarms and end the thread."""
        if self._process != os.getpid():
            return
        with self._lock:
            self._times.clear()
            thread = self._thread
            if thread is not None:
                thread.woken.put(None)
            self._thread = None
        if thread is not None:
            with thread.ended:
                pass

    def _start(self) -> None:
        thread = _Thread()
        try:
            # Recorded before it starts, so that there is never a second one.
            self._thread = thread
            _thread.start_new_thread(self._run, (thread,))
        except BaseException:
            # Whether it has started is not known: if it has, it ends.
            self._thread = None
            raise

    def _run(self, thread: _Thread) -> None:
        woken = True
        while (wait := self._ring(thread, woken)) is not None:
            try:
                thread.woken.get(timeout=wait)
                woken = True
            except Empty:
                woken = False
        thread.ended.release()

    def _ring(self, thread: _Thread, woken: bool) -> float | None:
        """Call the functions that are due; return the seconds until the next are. None if ``thread`` has to end."""
        with self._lock:
            if thread is not self._thread:
                return None
            now = monotonic()
            # A copy: a finalizer may set or cancel others meanwhile.
            due = [key for key, (time, _) in self._times.copy().items() if time <= now]
            for key in due:
                if (entry := self._times.pop(key, None)) is not None:
                    entry[1]()
            if not (woken or due or self._times):
                self._thread = None
                return None
            self._waits_until = min((time for time, _ in self._times.copy().values()), default=now + _LINGER)
            return min(self._waits_until - now, _LONGEST)
