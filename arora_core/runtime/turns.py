"""Waiting for an engine that another thread uses.

A thread that runs host code of one engine and calls another one may wait for it in a circle: the other engine's host
code calls the first. So does host code that waits for a thread which calls its engine. For which thread a thread waits
is known where it waits for an engine, for a future that a pool's thread computes, or for the end of a thread.
"""

from __future__ import annotations

import sys
from concurrent.futures import Future
from threading import Thread, get_ident
from time import monotonic
from types import CodeType, FrameType
from typing import Any, Final

from ..errors import LimitExceeded, ModuleBusy
from .host_code import hosting, runs_in

_SOON: Final = 0.005
_LONGEST: Final = 0.25
"""Seconds of the first and the longest single wait, after which the circle is looked for."""

_FUTURE_WAITS: Final = (Future.result.__code__, Future.exception.__code__)
_THREAD_WAITS: Final = (Thread.join.__code__,)
_WAITING_FILES: Final = {Future.result.__code__.co_filename, Thread.join.__code__.co_filename}

_waiting: Final[dict[int, Any]] = {}
"""The lock for which each thread waits."""


def wait(lock: Any, deadline: float | None) -> None:
    """Wait until ``lock``, of an engine, is free. The thread counts as waiting until :func:`arrived`.

    Raises ModuleBusy where the thread that holds it waits for this one, LimitExceeded where ``deadline`` seconds pass
    first.
    """
    here, end = get_ident(), None if deadline is None else monotonic() + deadline
    pause = _SOON
    while True:
        _waiting[here] = lock
        if _becomes_free(lock, pause if end is None else max(0.0, min(pause, end - monotonic()))):
            return
        if _in_circle(here):
            raise ModuleBusy("another thread is in a call of this engine, and waits for this thread")
        if end is not None and monotonic() >= end:
            message = f"another thread was in a call of this engine for the whole deadline of {deadline} s"
            raise LimitExceeded(message, limit="deadline")
        pause = min(2 * pause, _LONGEST)


def _becomes_free(lock: Any, seconds: float) -> bool:
    """Return whether ``lock``, which another thread may hold, is free within so many seconds."""
    # The caller takes it by ``with``, which no exception of a signal handler can leave locked.
    try:
        free = lock.acquire(timeout=seconds)
        if free:
            lock.release()
    except BaseException:
        if lock._is_owned():
            lock.release()
        raise
    return bool(free)


def arrived() -> None:
    """Note that the current thread does not wait any more. Does nothing if it did not."""
    _waiting.pop(get_ident(), None)


def forget_other_threads() -> None:
    """Forget what other threads wait for: a forked process does not have them."""
    here = get_ident()
    for thread in [each for each in _waiting if each != here]:
        del _waiting[thread]


def _in_circle(here: int) -> bool:
    """Return whether the thread ``here`` waits for a thread that waits, directly or not, for it."""
    frames = sys._current_frames()
    seen: set[int] = set()
    thread = _blocker(here, frames)
    while thread is not None and thread not in seen:
        if thread == here:
            return True
        seen.add(thread)
        thread = _blocker(thread, frames)
    return False


def _blocker(thread: int, frames: dict[int, FrameType]) -> int | None:
    """Return the thread for which ``thread`` waits, None where it does not wait or that is not known."""
    if thread in _waiting:
        lock = _waiting[thread]
        if all(calls.lock is not lock for calls in list(hosting)):
            return None
        return next((other for other, frame in frames.items() if runs_in(frame, lock)), None)
    frame = frames.get(thread)
    while frame is not None and frame.f_code.co_filename in _WAITING_FILES:
        if frame.f_code in _FUTURE_WAITS:
            return _worker(frame.f_locals.get("self"), frames)
        if frame.f_code in _THREAD_WAITS:
            return getattr(frame.f_locals.get("self"), "ident", None)
        frame = frame.f_back
    return None


def _worker(future: object, frames: dict[int, FrameType]) -> int | None:
    """Return the thread of a pool that computes ``future``."""
    from concurrent.futures.thread import _WorkItem

    run: CodeType = _WorkItem.run.__code__
    for thread, innermost in frames.items():
        frame: FrameType | None = innermost
        while frame is not None:
            if frame.f_code is run and getattr(frame.f_locals.get("self"), "future", None) is future:
                return thread
            frame = frame.f_back
    return None
