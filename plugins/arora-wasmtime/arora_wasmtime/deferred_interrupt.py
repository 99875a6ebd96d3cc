"""Ctrl-C (SIGINT) is put off while wasmtime-py's own code stands between a guest and its host.

CPython runs a pending signal's handler when it enters a function, and the first function that a guest enters when it
calls its host is wasmtime-py's. What the handler raises there (KeyboardInterrupt) cannot be handed on: the C code that
called takes whatever stands where the result should be for a pointer to a trap, and frees it, which ends the process.
So while a guest runs in the main thread, the only one that runs handlers, SIGINT is noted, and its handler is called
where the host's own code is reached: in a callback, or when the call ends.

SIGINT alone. A handler of another signal that raises in that moment does end the process; one that returns does not.
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
    """What becomes of SIGINT. There is one: handlers are the process's, and only the main thread comes here."""

    def __init__(self) -> None:
        self.handler: Callable[[int, FrameType | None], Any] = signal.default_int_handler
        """Whose place was taken."""
        self.in_guest = False
        self.noted = False

    def arrived(self, number: int, frame: FrameType | None) -> None:
        """Stand in for the handler."""
        if self.in_guest:
            self.noted = True
        else:
            self.handler(number, frame)

    def catch_up(self) -> None:
        """Call the handler, if a signal has been noted."""
        if self.noted:
            self.noted = False
            self.handler(signal.SIGINT, sys._getframe())


_deferred = _Deferred()
_arrived = _deferred.arrived


# Wherever an interrupt may strike below, what it would leave undone has been done before or is done again: a flag is a
# single store, and no handler raises while ``in_guest`` is set. Calls nest through here, so each takes one frame of
# Python's stack.


def in_guest(call: Callable[..., _T], *arguments: Any) -> _T:
    """Call ``call``, in which SIGINT is noted. Raises what that raises, or what the handler of a noted one does."""
    if threading.current_thread() is not threading.main_thread():
        return call(*arguments)
    handler = signal.getsignal(signal.SIGINT)
    if not callable(handler):
        return call(*arguments)
    outermost = handler is not _arrived
    if outermost:
        _deferred.handler, _deferred.in_guest, _deferred.noted = handler, False, False
    try:
        if outermost:
            signal.signal(signal.SIGINT, _arrived)
        _deferred.in_guest = True
        return call(*arguments)
    finally:
        # Unless the host has put another one there.
        if outermost and signal.getsignal(signal.SIGINT) is _arrived:
            _deferred.in_guest = True
            signal.signal(signal.SIGINT, handler)
        _deferred.in_guest = False
        _deferred.catch_up()


def in_host(call: Callable[..., _T], *arguments: Any) -> _T:
    """Call ``call``, somewhere inside of :func:`in_guest`, with the handler in effect. A noted SIGINT comes first."""
    if threading.current_thread() is not threading.main_thread():
        return call(*arguments)
    try:
        _deferred.in_guest = False
        _deferred.catch_up()
        return call(*arguments)
    finally:
        _deferred.in_guest = True
