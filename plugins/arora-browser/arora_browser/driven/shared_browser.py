"""One browser process for all executors that ask for the same executable and flags. Each has a context of its own."""

from __future__ import annotations

import os
import threading
import weakref
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

from arora_core.lock import Lock

from .browser_process import BrowserProcess
from .page import Page


class SharedBrowser:
    """One executor's context in a browser process, which starts with the first such context and ends with the last.

    Contexts share neither storage nor processes of pages. A context ends when it is closed, or when this object is
    garbage-collected. Raises BrowserEnded, and ExecutorUnavailable when the browser does not start.
    """

    def __init__(self, executable: str, flags: Sequence[str]) -> None:
        self._context = _Context(executable, flags)
        self._finalizer = weakref.finalize(self, self._context.close_soon)
        self._finalizer.atexit = False

    @property
    def alive(self) -> bool:
        """Whether the browser is running, and was not inherited by a fork."""
        return self._context.process.alive

    def open_page(self) -> Page:
        """Return a new page.

        Raises BrowserEnded, and ExecutorUnavailable if pages of this browser cannot suspend a guest.
        """
        return self._context.open_page()

    def close(self) -> None:
        """Close all pages of this context, and the browser with its last context, and wait for that. Idempotent."""
        self._finalizer.detach()
        self._context.close()


class _Context:
    """What has to be closed when a ``SharedBrowser`` is garbage-collected."""

    def __init__(self, executable: str, flags: Sequence[str]) -> None:
        self._process_id = os.getpid()
        self._closed = False
        self._close_lock = Lock()
        self._pages: weakref.WeakSet[Page] = weakref.WeakSet()
        self.process = _processes.acquire(executable, flags)
        try:
            self._context = self.process.open_context()
        except BaseException:
            _processes.release(self.process)
            raise

    def open_page(self) -> Page:
        page = self.process.open_page(self._context)
        self._pages.add(page)
        return page

    def close_soon(self) -> None:
        """Close without waiting: garbage may be collected in any thread, also in the browser's."""
        # RuntimeError: the interpreter is exiting, which closes the browser.
        with suppress(RuntimeError):
            threading.Thread(target=self.close, name="arora-browser end", daemon=True).start()

    def close(self) -> None:
        if self._process_id != os.getpid():
            return
        for page in list(self._pages):
            page.mark_lost("its browser was closed")
        with self._close_lock:
            if self._closed:
                return
            self._closed = True
            if not _processes.release(self.process):
                self.process.close_context(self._context)


class _BrowserProcesses:
    """The running browsers by executable and flags, and the number of contexts of each."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._running: dict[tuple[str, ...], BrowserProcess] = {}
        self._contexts: Counter[BrowserProcess] = Counter()

    def acquire(self, executable: str, flags: Sequence[str]) -> BrowserProcess:
        """Return a running browser, or a new one. ``release`` has to follow."""
        wanted = (executable, *flags)
        # Held while a browser starts, so that others that ask for it meanwhile share it.
        with self._lock:
            process = self._running.get(wanted)
            if process is None or not process.alive:
                process = self._running[wanted] = BrowserProcess(executable, flags)
            self._contexts[process] += 1
            return process

    def release(self, process: BrowserProcess) -> bool:
        """Close the browser if this was its last context; return whether it was."""
        with self._lock:
            self._contexts[process] -= 1
            last = not self._contexts[process]
            if last:
                del self._contexts[process]
                self._running = {wanted: each for wanted, each in self._running.items() if each is not process}
        if last:
            process.close()
        return last


_processes = _BrowserProcesses()


def _forget_processes() -> None:
    global _processes
    _processes = _BrowserProcesses()


if hasattr(os, "register_at_fork"):
    # A forked process must not use its parent's browsers, and a thread of the parent may have held the lock.
    os.register_at_fork(after_in_child=_forget_processes)
