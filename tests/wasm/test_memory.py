"""Closing an instance releases its memory."""

from __future__ import annotations

import gc
from pathlib import Path

from tests.wasm.guests import ARGUMENT, DISPATCH, FD_WRITE, FORWARD, IDS, PRINT, RUN, TEXT, Load, guest


def mappings() -> int:
    return len(Path("/proc/self/maps").read_text().splitlines())


def test_closing_releases_the_memory(load: Load) -> None:
    executor = load.executor()
    executable = guest(PRINT.format(fd=1) + FORWARD, imports=DISPATCH + FD_WRITE, rest=IDS + TEXT)

    def cycle() -> None:
        instance = load(executable, executor=executor)
        instance.dispatch(RUN, ARGUMENT)
        instance.close()

    cycle()
    gc.collect()
    before = mappings()
    for _ in range(40):
        cycle()
    gc.collect()
    assert mappings() <= before + 10
