"""Load one module and print the seconds that took: ``python load_one.py EXECUTOR PATH``.

Two numbers are printed: seconds by the clock, and seconds that processors worked, in processes that it started as well.
A small module is loaded before it, so that the start of the runtime is not measured.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time

BARE = "wasmtime-py"
"""In place of an executor: wasmtime-py without Arora."""
SINGLEPASS = "wasmer's compiler Singlepass"
"""In place of an executor: only compiling, by the other compiler of arora-libwasmer."""


Took = tuple[float, float]
ELAPSED, WORKED = 0, 1
"""Where the seconds by the clock stand in what is printed, and those of processors."""


def main(executor: str, path: Path) -> Took:
    """Return the seconds that loading took, by the clock and of processors."""
    if executor == BARE:
        return _bare(path.read_bytes())
    if executor == SINGLEPASS:
        return _singlepass(path.read_bytes())
    from arora_core import Engine, ModuleDefinition
    from benchmarks import guests
    from benchmarks.workbench import kind_of

    kind = kind_of(executor)
    definition = ModuleDefinition(guests.header(kind), path.read_bytes())
    with Engine() as engine:
        engine.load_module(guests.bench(kind, 2), executor=executor)
        took = _timed(lambda: engine.load_module(definition, executor=executor))
        assert engine.modules[definition.header.id]["add"](2, 3) == 5
    return took


def _bare(executable: bytes) -> Took:
    import wasmtime as w

    engine = w.Engine()
    w.Module(engine, b"\0asm\x01\0\0\0")
    return _timed(lambda: w.Module(engine, executable))


def _singlepass(executable: bytes) -> Took:
    from arora_wasmer import library

    threads = os.cpu_count() or 1
    library.compile(b"\0asm\x01\0\0\0", library.SINGLEPASS, threads)
    return _timed(lambda: library.compile(executable, library.SINGLEPASS, threads))


def _timed(load: Callable[[], object]) -> Took:
    start, worked = perf_counter(), _worked()
    load()
    return perf_counter() - start, _worked() - worked


def _worked() -> float:
    times = os.times()
    return process_time() + times.children_user + times.children_system


if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])
    print(*main(sys.argv[1], Path(sys.argv[2])))
