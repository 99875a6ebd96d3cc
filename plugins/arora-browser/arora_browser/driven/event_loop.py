"""An asyncio event loop in a thread of its own, independent of the program's own loop, if any."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

_T = TypeVar("_T")


class EventLoopThread:
    """Runs coroutines for other threads, until it is stopped."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, coroutine: Coroutine[Any, Any, _T]) -> Future[_T]:
        """Run ``coroutine`` in the thread. The future can be waited for in any other thread."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def call_soon(self, action: Callable[[], object]) -> None:
        """Run ``action`` in the thread as soon as possible; not at all once the loop has stopped."""
        # RuntimeError: the loop is closed.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(action)

    def stop(self, timeout: float) -> None:
        """End the thread, and wait for it for at most ``timeout`` seconds."""
        self.call_soon(self._loop.stop)
        self._thread.join(timeout)

    def _run(self) -> None:
        if hasattr(signal, "pthread_sigmask"):
            # Processes started from here inherit this. A terminal's Ctrl-C goes to all processes in the foreground, but
            # only the program decides what it ends.
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            unfinished = asyncio.all_tasks(self._loop)
            for task in unfinished:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*unfinished, return_exceptions=True))
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()
