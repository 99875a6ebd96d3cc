"""Deferral of Ctrl-C (SIGINT) while a guest is called through wasmtime-py's own callbacks.

CPython runs a pending signal's handler when it enters a function, and the first function that a guest enters when it
calls its host is wasmtime-py's. An exception that the handler raises there (KeyboardInterrupt) cannot be passed on:
the C caller takes the garbage in place of the result for a pointer to a trap, and frees it, which ends the process.
So while a guest runs in the main thread, the only one that runs handlers, SIGINT is recorded, and its handler is
called when the host's code runs next: in a callback, or when the call ends.

Only SIGINT is deferred. A handler of another signal ends the process if it raises at that moment, but may return.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

_T = TypeVar("_T")


class _Deferred:
    """The state of SIGINT. A singleton: handlers belong to the process, and only the main thread uses it."""

    def __init__(self) -> None:
        self.replaced: Callable[[int, FrameType | None], Any] = signal.default_int_handler
        """The handler that was replaced."""
        self.in_guest = False
        self.pending = False

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Handle SIGINT: record it inside a guest, call the replaced handler otherwise."""
        if self.in_guest:
            self.pending = True
        else:
            self.replaced(number, frame)

    def run_pending(self) -> None:
        """Call the replaced handler if a signal is pending."""
        if self.pending:
            self.pending = False
            self.replaced(signal.SIGINT, sys._getframe())


_deferred = _Deferred()
_handle = _deferred.handle


# An interrupt at any point below leaves a consistent state: setting a flag is a single store, and no handler raises
# while ``in_guest`` is set. Nested calls pass through these functions, so each uses a single frame of Python's stack.


def in_guest(call: Callable[..., _T], *arguments: Any) -> _T:
    """Call ``call`` with SIGINT deferred. Raise what it raises, or what the handler of a deferred SIGINT raises."""
    if threading.current_thread() is not threading.main_thread():
        return call(*arguments)
    handler = signal.getsignal(signal.SIGINT)
    if not callable(handler):
        return call(*arguments)
    outermost = handler is not _handle
    if outermost:
        _deferred.replaced, _deferred.in_guest, _deferred.pending = handler, False, False
    try:
        if outermost:
            signal.signal(signal.SIGINT, _handle)
        _deferred.in_guest = True
        return call(*arguments)
    finally:
        # Unless the host has installed another handler.
        if outermost and signal.getsignal(signal.SIGINT) is _handle:
            _deferred.in_guest = True
            signal.signal(signal.SIGINT, handler)
        _deferred.in_guest = False
        _deferred.run_pending()


def in_host(call: Callable[..., _T], *arguments: Any) -> _T:
    """Call ``call`` from inside :func:`in_guest` with the handler in effect, after handling a deferred SIGINT."""
    if threading.current_thread() is not threading.main_thread():
        return call(*arguments)
    try:
        _deferred.in_guest = False
        _deferred.run_pending()
        return call(*arguments)
    finally:
        _deferred.in_guest = True
