"""``await function.acall(...)``: calls that asyncio waits for while a thread makes them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Final

from ..errors import ModuleBusy
from ..lock import Lock
from .call_stack import CallStack
from .interruption import CallForAnother

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

_AGAIN: Final = 0.01
"""Seconds between two interruptions of a call: the first may come before the guest runs."""


class AwaitedCalls:
    """Makes calls of one engine in a thread of its own, which is there from the first one until :meth:`close`."""

    def __init__(self, calls: CallStack) -> None:
        self._calls = calls
        self._lock = Lock()
        self._thread: ThreadPoolExecutor | None = None
        self._process = 0

    async def call(
        self,
        deadline: float | None,
        function: Callable[..., Any],
        arguments: tuple[Sequence[object], Mapping[str, object]],
    ) -> Any:
        """Return what the call of a function returns, or raise what it raises.

        ``deadline`` is that of its module, which bounds the wait for the engine as well. A task that is cancelled ends
        when the call has ended. Raises ModuleBusy where the event loop runs inside a call of the engine.
        """
        if self._calls.lock._is_owned():
            raise ModuleBusy("acall inside a call of the same engine would wait for the end of that call")
        call = CallForAnother(self._calls, deadline, function, arguments, copy_context())
        if sys.platform == "emscripten":
            # There are no threads.
            return call.run()
        return await outcome(self._executor().submit(call.run), call.interrupt)

    def close(self) -> None:
        """End the thread once its calls have ended. Calls that were waiting for it are made first."""
        with self._lock:
            thread, self._thread = self._thread, None
        # A forked process does not have the thread, and could wait for it forever.
        if thread is not None and self._process == os.getpid():
            thread.shutdown()

    def _executor(self) -> ThreadPoolExecutor:
        from concurrent.futures import ThreadPoolExecutor

        self._calls.require_open()
        with self._lock:
            if self._thread is None or self._process != os.getpid():
                self._thread = ThreadPoolExecutor(1, thread_name_prefix="arora")
                self._process = os.getpid()
            return self._thread


async def outcome(future: Future[Any], interrupt: Callable[[], None]) -> Any:
    """Return or raise the outcome of a call that a thread makes.

    Where the task is cancelled, the call is interrupted, and CancelledError raised when the call has ended.
    """
    import asyncio

    loop, ended = asyncio.get_running_loop(), asyncio.Event()

    def wake(_: object) -> None:
        # A loop that was stopped amid its tasks may be closed.
        if not loop.is_closed():
            loop.call_soon_threadsafe(ended.set)

    future.add_done_callback(wake)
    try:
        await ended.wait()
    except asyncio.CancelledError:
        future.cancel()
        while not future.done():
            interrupt()
            try:
                await asyncio.wait_for(ended.wait(), _AGAIN)
            except (asyncio.TimeoutError, asyncio.CancelledError):
                # Also if it is cancelled again: the task must not end before the call.
                continue
        raise
    return future.result()
