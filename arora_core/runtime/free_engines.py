"""Which engines of a pool are free, and who gets the next one: first come, first served."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from itertools import pairwise
from queue import SimpleQueue
from threading import local
from typing import TypeVar

from ..lock import Lock

_T = TypeVar("_T")


class _Mine(local):
    """The engine that the current thread has taken."""

    index: int | None = None


class FreeEngines:
    """The free engines of a pool, by index."""

    def __init__(self, size: int) -> None:
        self._lock = Lock()
        self._size = size
        # The one used last is taken first: its code and memory are in the caches of processors.
        self._free = list(reversed(range(size)))
        self._waiting: deque[SimpleQueue[int]] = deque()
        self._mine = _Mine()

    def run(self, call: Callable[[int], _T]) -> _T:
        """Return what ``call`` returns, given an engine; wait until one is free.

        In a thread that has one, as host code has that a guest of it calls, that is the same one.
        """
        mine = self._mine
        if mine.index is not None:
            return call(mine.index)
        mine.index = index = self._take()
        try:
            return call(index)
        finally:
            mine.index = None
            self._give(index)

    @property
    def is_mine(self) -> bool:
        """Whether the current thread has an engine."""
        return self._mine.index is not None

    @property
    def are_all_free(self) -> bool:
        """Whether no engine is taken."""
        return len(self._free) == self._size

    def _take(self) -> int:
        with self._lock:
            if self._free:
                return self._free.pop()
            place: SimpleQueue[int] = SimpleQueue()
            self._waiting.append(place)
        try:
            return place.get()
        except BaseException:
            # Of a signal's handler, such as KeyboardInterrupt.
            self._leave(place)
            raise

    def _give(self, index: int) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().put(index)
            else:
                self._free.append(index)

    def _leave(self, place: SimpleQueue[int]) -> None:
        with self._lock:
            if place in self._waiting:
                self._waiting.remove(place)
                return
        self._give(place.get())


def parts_of(total: int, parts: int, least: int) -> Sequence[range]:
    """Return ``total`` rows in up to so many ranges of about the same size, of ``least`` rows at least."""
    count = max(1, min(parts, total // least))
    ends = [total * number // count for number in range(count + 1)]
    return [range(start, stop) for start, stop in pairwise(ends)]
