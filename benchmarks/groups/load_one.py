"""Load one module and print the seconds that took: ``python load_one.py EXECUTOR PATH``.

A small module is loaded before it, so that the start of the runtime is not measured.
"""

from __future__ import annotations

import sys
from pathlib import Path
from time import perf_counter

BARE = "wasmtime-py"
"""In place of an executor: wasmtime-py without Arora."""


def main(executor: str, path: Path) -> float:
    """Return the seconds that loading took."""
    if executor == BARE:
        return _bare(path.read_bytes())
    from arora_core import Engine, ModuleDefinition
    from benchmarks import guests
    from benchmarks.workbench import kind_of

    kind = kind_of(executor)
    definition = ModuleDefinition(guests.header(kind), path.read_bytes())
    with Engine() as engine:
        engine.load_module(guests.bench(kind, 2), executor=executor)
        start = perf_counter()
        module = engine.load_module(definition, executor=executor)
        took = perf_counter() - start
        assert module["add"](2, 3) == 5
    return took


def _bare(executable: bytes) -> float:
    import wasmtime as w

    engine = w.Engine()
    w.Module(engine, b"\0asm\x01\0\0\0")
    start = perf_counter()
    w.Module(engine, executable)
    return perf_counter() - start


if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])
    print(main(sys.argv[1], Path(sys.argv[2])))
