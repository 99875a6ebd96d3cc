"""What the process uses: memory, open descriptors and threads. Raises CheckSkipped where the system does not say."""

from __future__ import annotations

import gc
import os
import threading
import tracemalloc
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Final

from .expecting import CheckSkipped

TRIES: Final = 3
"""Attempts of a measurement: other things in the process may allocate once, a leak does so every time."""
_DESCRIPTORS: Final = (Path("/proc/self/fd"), Path("/dev/fd"))
_THREADS: Final = Path("/proc/self/task")


def python_growth(call: Callable[[], object], times: int) -> int:
    """Return by how many bytes Python's objects grow over some calls: the least of several measurements."""

    def run() -> int:
        for _ in range(times):
            call()
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    started = not tracemalloc.is_tracing()
    if started:
        tracemalloc.start()
    try:
        sizes = [run() for _ in range(TRIES + 1)]
    finally:
        if started:
            tracemalloc.stop()
    return min(after - before for before, after in pairwise(sizes))


def resident_memory() -> int:
    """Return the resident memory of the process in bytes, of Python's objects and of all else."""
    gc.collect()
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        raise CheckSkipped("the resident memory of a process is only known on Linux") from None
    return pages * os.sysconf("SC_PAGE_SIZE")


def descriptors() -> int:
    """Return the number of open descriptors."""
    for directory in _DESCRIPTORS:
        if directory.is_dir():
            return len(os.listdir(directory))
    raise CheckSkipped("the open descriptors of a process are only known on Linux and macOS")


def threads() -> int:
    """Return the number of threads: Python's own alone where the system does not say."""
    return len(os.listdir(_THREADS)) if _THREADS.is_dir() else threading.active_count()
