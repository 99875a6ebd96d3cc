"""The host code that is running: Python that guests wait for, by the lock of its engine.

Calls of one thread have to end in the order in which they began, because their frames are on one native stack.
Greenlets can break that order: one leaves its host code by switching to another, which calls a guest, which is then
still running when the first one returns. So while host code runs in one greenlet, the other greenlets of its thread
make no calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from sys import modules
from threading import get_ident
from typing import Any, Final

HostCode = tuple[int, int, Sequence[object]]
"""Its thread and greenlet, and the running calls of its engine, the outermost first."""

hosting: Final[dict[object, HostCode]] = {}
"""Of each engine, by its lock, the outermost host code."""


def begin(lock: object, running: Sequence[object]) -> None:
    """Note that host code begins, unless other host code of the same engine is running.

    Where none is, ``hosting.pop(lock, None)`` has to follow: a single step of C, in which no signal's handler runs.
    """
    if lock not in hosting:
        hosting[lock] = get_ident(), _greenlet() if "greenlet" in modules else 0, running


def in_this_thread() -> list[HostCode]:
    """Return the outermost host code of each engine that waits for this thread."""
    here = get_ident()
    return [each for each in list(hosting.values()) if each[0] == here]


def in_another_greenlet() -> bool:
    """Return whether host code of this thread is running in another greenlet."""
    here = _greenlet()
    return any(greenlet != here for _, greenlet, _ in in_this_thread())


def forget_other_threads() -> None:
    """Forget the host code of other threads: a forked process does not have them."""
    here = get_ident()
    for lock in [lock for lock, (thread, _, _) in hosting.items() if thread != here]:
        del hosting[lock]


def _greenlet() -> int:
    """Return the id of the current greenlet, 0 for the one that each thread begins with."""
    module: Any = modules.get("greenlet")
    if module is None:
        return 0
    current = module.getcurrent()
    # Not the greenlet itself: one that nothing else refers to has to end.
    return 0 if current.parent is None else id(current)
