"""Signal handlers that wait while wasmtime-py's own code stands between a guest and its host.

CPython runs pending signal handlers on entering a function, and the first function to be entered when a guest calls
its host is wasmtime-py's. What a handler raises there (KeyboardInterrupt, say) leaves it through C code, which takes
whatever stands where the result should be for a pointer to a trap, and frees it: the process dies. So while a guest
runs in the main thread, the only one that runs handlers, those written in Python wait until the host's own code is
reached, inside of the guest's call or after it.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Final, TypeVar

_T = TypeVar("_T")

_NUMBERS: Final = tuple(sorted(signal.valid_signals()))
_handlers: Final[dict[int, Callable[[int, FrameType | None], Any]]] = {}
"""Whose place was taken. They are kept, should someone put back what they found in that place."""
_taken: Final[list[int]] = []
_waiting: Final[dict[int, FrameType | None]] = {}


def in_guest(call: Callable[..., _T], *arguments: Any) -> _T:
    """Calls ``call``, in which handlers wait. Raises what that raises, and then what those raise that had to wait."""
    if _taken or threading.current_thread() is not threading.main_thread():
        return call(*arguments)
    try:
        _take_places()
        return call(*arguments)
    finally:
        try:
            _give_places_back()
        finally:
            _catch_up()


def in_host(call: Callable[..., _T], *arguments: Any) -> _T:
    """Calls ``call``, somewhere inside of ``in_guest``, in which handlers do not wait. First come those that did."""
    if _waiting and threading.current_thread() is threading.main_thread():
        _catch_up()
    return call(*arguments)


def _arrived(number: int, frame: FrameType | None) -> None:
    """Stands in for every handler. On whose part of the stack the signal struck decides, the guest's or the host's."""
    within = frame
    while within is not None and within.f_code is not in_host.__code__:
        if within.f_code is in_guest.__code__:
            _waiting[number] = frame
            return
        within = within.f_back
    _handlers[number](number, frame)


def _take_places() -> None:
    for number in _NUMBERS:
        handler = signal.getsignal(number)
        if callable(handler) and handler is not _arrived:
            _handlers[number] = handler
            _taken.append(number)
            signal.signal(number, _arrived)


def _give_places_back() -> None:
    # A handler that raises meanwhile must not keep the others from their places.
    try:
        while _taken:
            # Unless the host has put another one there.
            if signal.getsignal(_taken[-1]) is _arrived:
                signal.signal(_taken[-1], _handlers[_taken[-1]])
            _taken.pop()
    finally:
        if _taken:
            _give_places_back()


def _catch_up() -> None:
    try:
        while _waiting:
            number, frame = _waiting.popitem()
            _handlers[number](number, frame)
    finally:
        if _waiting:
            _catch_up()
