"""The host code that is running: Python that guests wait for.

Calls of one thread have to end in the order in which they began, because their frames are on one native stack.
Greenlets can break that order: one leaves its host code by switching to another, which calls a guest, which is then
still running when the first one returns. So while host code runs in one greenlet, the other greenlets of its thread
make no calls.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import CodeType, FrameType
from typing import Any, Final, Protocol

GREENLET: Final = "greenlet"
"""The module of greenlets. Unless it is imported, there are none."""


class Calls(Protocol):
    """The running calls of one engine."""

    @property
    def lock(self) -> Any:
        """Held by the thread whose calls are running."""

    @property
    def running(self) -> Sequence[object]:
        """The calls, the outermost first."""


hosting: Final[list[Calls]] = []
"""The engines with host code, each as often as host code of it is running, of all threads.

This is on the path of every callback, so only the rest of what there is to know is found out where it is needed, from
the frames.
"""

runners: Final[set[CodeType]] = set()
"""The functions that run host code. In each, the variable ``self`` is the engine's :class:`Calls`."""


def in_this_thread() -> list[Calls]:
    """Return the engines that have host code in this thread."""
    return [calls for calls in dict.fromkeys(hosting) if calls.lock._is_owned()]


def in_another_greenlet() -> bool:
    """Return whether host code of this thread is running in another greenlet, which has frames of its own."""
    if GREENLET not in sys.modules:
        return False
    here = sys._getframe()
    return any(not runs_in(here, calls.lock) for calls in in_this_thread())


def runs_in(frame: FrameType | None, lock: object) -> bool:
    """Return whether host code of the engine with this lock is among the callers of ``frame``."""
    while frame is not None:
        if frame.f_code in runners and getattr(frame.f_locals.get("self"), "lock", None) is lock:
            return True
        frame = frame.f_back
    return False


def raised(error: BaseException) -> bool:
    """Return whether host code raised ``error``: it passed through a function that runs host code."""
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_next is not None and trace.tb_frame.f_code in runners:
            return True
        trace = trace.tb_next
    return False


def forget_other_threads() -> None:
    """Forget the host code of other threads: a forked process does not have them."""
    hosting[:] = [calls for calls in hosting if calls.lock._is_owned()]
