"""An asyncio event loop in a thread of its own, so that the program's own loop, if any, is none of its business."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

_T = TypeVar("_T")


class LoopThread:
    """Runs coroutines for other threads, until it is stopped."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, coroutine: Coroutine[Any, Any, _T]) -> Future[_T]:
        """Runs ``coroutine`` there; what is returned can be waited for in any other thread."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def soon(self, action: Callable[[], object]) -> None:
        """Runs ``action`` there as soon as may be; never once the loop has stopped."""
        # Closed is closed: there is nothing left there to act on.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(action)

    def stop(self, timeout: float) -> None:
        """Ends the thread, and waits for it no longer than ``timeout`` seconds."""
        self.soon(self._loop.stop)
        self._thread.join(timeout)

    def _run(self) -> None:
        if hasattr(signal, "pthread_sigmask"):
            # Processes started from here inherit this. A terminal's Ctrl-C goes to all processes in the foreground,
            # but it is for the program alone to decide what it ends.
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            left = asyncio.all_tasks(self._loop)
            for task in left:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()
