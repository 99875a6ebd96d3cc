"""One browser for all executors of a process that ask for the same one. Each has a part of its own in it."""

from __future__ import annotations

import os
import threading
import weakref
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

from .browser import RunningBrowser
from .page import Page


class Browser:
    """A part of a headless browser that starts with the first part of it, and ends with the last.

    Parts share neither storage nor processes of pages. A part ends when it is closed, or when nobody holds on to this
    object any more. Raises BrowserEnded, and ExecutorUnavailable when the browser does not start.
    """

    def __init__(self, executable: str, flags: Sequence[str]) -> None:
        self._part = _Part(executable, flags)
        self._finalizer = weakref.finalize(self, self._part.close_aside)
        self._finalizer.atexit = False

    @property
    def alive(self) -> bool:
        """Whether the browser still runs, and for this process."""
        return self._part.running.alive

    def open_page(self) -> Page:
        """A new page.

        Raises BrowserEnded, and ExecutorUnavailable if pages of this browser cannot suspend a guest.
        """
        return self._part.open_page()

    def close(self) -> None:
        """Closes all pages of this part, the browser too where it is the last, and waits for that. Idempotent."""
        self._finalizer.detach()
        self._part.close()


class _Part:
    """What has to be closed when nobody holds on to a ``Browser`` any more."""

    def __init__(self, executable: str, flags: Sequence[str]) -> None:
        self._process = os.getpid()
        self._closed = False
        self._closing = threading.Lock()
        self._pages: weakref.WeakSet[Page] = weakref.WeakSet()
        self.running = _shared.take(executable, flags)
        try:
            self._context = self.running.open_context()
        except BaseException:
            _shared.give_back(self.running)
            raise

    def open_page(self) -> Page:
        page = self.running.open_page(self._context)
        self._pages.add(page)
        return page

    def close_aside(self) -> None:
        """Closes without waiting: whoever collects garbage may do so in any thread, the browser's too."""
        # No thread starts any more once the interpreter is ending; then it is closed by that.
        with suppress(RuntimeError):
            threading.Thread(target=self.close, name="arora-browser end", daemon=True).start()

    def close(self) -> None:
        if self._process != os.getpid():
            return
        for page in list(self._pages):
            page.lose("its browser was closed")
        with self._closing:
            if self._closed:
                return
            self._closed = True
            if not _shared.give_back(self.running):
                self.running.close_context(self._context)


class _SharedBrowsers:
    """The browsers that run, by what they were started with, and how many parts each has."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[tuple[str, ...], RunningBrowser] = {}
        self._parts: Counter[RunningBrowser] = Counter()

    def take(self, executable: str, flags: Sequence[str]) -> RunningBrowser:
        """A running one, or a new one. ``give_back`` has to follow."""
        wanted = (executable, *flags)
        # Held while one starts: whoever asks meanwhile is to share it.
        with self._lock:
            running = self._running.get(wanted)
            if running is None or not running.alive:
                running = self._running[wanted] = RunningBrowser(executable, flags)
            self._parts[running] += 1
            return running

    def give_back(self, running: RunningBrowser) -> bool:
        """Closes the browser if this was its last part; whether it was."""
        with self._lock:
            self._parts[running] -= 1
            last = not self._parts[running]
            if last:
                del self._parts[running]
                self._running = {wanted: each for wanted, each in self._running.items() if each is not running}
        if last:
            running.close()
        return last


_shared = _SharedBrowsers()


def _begin_anew() -> None:
    global _shared
    _shared = _SharedBrowsers()


if hasattr(os, "register_at_fork"):
    # In a forked process the browsers are the parent's, and one of the parent's threads may have held the lock.
    os.register_at_fork(after_in_child=_begin_anew)
