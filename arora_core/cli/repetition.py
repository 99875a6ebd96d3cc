"""Repeated calls, and the time that each takes."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import ceil
from time import perf_counter, perf_counter_ns
from typing import Final, TypeVar

_T = TypeVar("_T")

_LONG: Final = 1.0
"""Seconds after which a progress bar appears."""

_BETWEEN_REPORTS: Final = 0.1

Report = Callable[[int], None]
"""Receives the number of calls done."""


def repeated(call: Callable[[], _T], times: int | None, report: Report = lambda done: None) -> tuple[_T, array[int]]:
    """Call ``times`` times, or for about a second when None. Return the last result and each call's nanoseconds."""
    took = array("q")
    clock = perf_counter_ns
    end = perf_counter() + _LONG
    while True:
        # The wall clock and reports stay outside of what is measured, and of most rounds.
        pause = perf_counter_ns() + int(_BETWEEN_REPORTS * 1e9)
        start = 0
        while start < pause and len(took) != times:
            start = clock()
            result = call()
            took.append(clock() - start)
        report(len(took))
        if len(took) == times or (times is None and perf_counter() >= end):
            return result, took


def statistics(took: array[int]) -> str:
    """Return ``1000 calls: mean 3.1 us, median 2.9 us, min 2.7 us, p99 5.2 us``; the percentile by nearest rank."""
    ordered = sorted(took)
    count = len(ordered)
    median = (ordered[(count - 1) // 2] + ordered[count // 2]) / 2
    parts = {
        "mean": sum(ordered) / count,
        "median": median,
        "min": ordered[0],
        "p99": ordered[ceil(0.99 * count) - 1],
    }
    calls = "1 call" if count == 1 else f"{count} calls"
    return f"{calls}: " + ", ".join(f"{name} {_duration(nanoseconds)}" for name, nanoseconds in parts.items())


def _duration(nanoseconds: float) -> str:
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if nanoseconds >= size:
            amount = nanoseconds / size
            return f"{amount:.{2 if amount < 10 else 1 if amount < 100 else 0}f} {unit}"
    return f"{nanoseconds:.0f} ns"


@contextmanager
def progress(times: int | None) -> Iterator[Report]:
    """Show a progress bar on stderr, where it is a terminal, once a run has taken a second."""
    if times is None or not sys.stderr.isatty():
        yield lambda done: None
        return
    bar = _Bar(times)
    try:
        yield bar.report
    finally:
        bar.close()


class _Bar:
    """A progress bar that appears late: most runs end before its import would pay."""

    def __init__(self, times: int) -> None:
        self._times = times
        self._start = perf_counter()
        self._close: Callable[[], None] = lambda: None
        self._update: Report | None = None

    def report(self, done: int) -> None:
        if self._update is None and perf_counter() - self._start >= _LONG and done < self._times:
            self._open()
        if self._update is not None:
            self._update(done)

    def close(self) -> None:
        self._close()

    def _open(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

        columns = (MofNCompleteColumn(), BarColumn(), TimeRemainingColumn())
        bar = Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False)
        task = bar.add_task("calls", total=self._times)
        bar.start()
        self._close = bar.stop
        self._update = lambda done: bar.update(task, completed=done)
