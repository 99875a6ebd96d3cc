"""A queue whose timeouts hold."""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import suppress
from queue import Empty
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """A queue that one thread reads. Any thread writes, also from a signal's handler or a finalizer.

    It is for waits with a timeout. Before 3.13, CPython's ``queue.SimpleQueue`` waits for ever where the timeout has
    passed by the time at which it begins to wait: with a short one, or on a busy machine.
    """

    __slots__ = ("_arrived", "_items")

    def __init__(self) -> None:
        self._items: deque[T] = deque()
        # Released when something arrives, which may be more than has been read by then.
        self._arrived = threading.Lock()
        self._arrived.acquire()

    def put(self, item: T) -> None:
        """Append an item."""
        self._items.append(item)
        with suppress(RuntimeError):  # Nobody has noticed the one before.
            self._arrived.release()

    def empty(self) -> bool:
        """Return whether there is no item now."""
        return not self._items

    def get(self, timeout: float | None = None) -> T:
        """Return the first item; wait for one if there is none, ``timeout`` seconds (up to threading.TIMEOUT_MAX).

        Raises queue.Empty when none has come in that time.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while not self._items:
            left = -1 if end is None else max(0, end - time.monotonic())
            if not self._arrived.acquire(timeout=left) and not self._items:
                raise Empty
        return self._items.popleft()
