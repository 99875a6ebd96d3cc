"""wasmtime-py as in its documentation: numbers only, no buffers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import wasmtime as w

I32, I64 = w.ValType.i32, w.ValType.i64


class Bare(NamedTuple):
    """An instance of ``bare.c``. Its exports take the store as first argument."""

    store: w.Store
    add: Any
    ask: Any
    call_back: Any


def bare(
    executable: bytes,
    add: Callable[[int, int], int] = lambda a, b: a + b,
    answer: Callable[[], int] = lambda: 1,
    store: w.Store | None = None,
) -> Bare:
    """Return an instance with the imports ``add`` and ``answer``."""
    store = store or w.Store()
    linker = w.Linker(store.engine)
    # Create new types: wasmtime aborts the process if a type was used with another engine.
    linker.define_func("host", "add", w.FuncType([I32(), I32()], [I32()]), add)
    linker.define_func("host", "answer", w.FuncType([], [I64()]), answer)
    exports = linker.instantiate(store, w.Module(store.engine, executable)).exports(store)
    return Bare(store, exports["add"], exports["ask"], exports["call_back"])


def chained(executable: bytes) -> Bare:
    """Return an instance whose import ``host.add`` calls ``add`` of another instance, through Python."""
    callee = bare(executable)
    return bare(executable, add=lambda a, b: callee.add(callee.store, a, b), store=callee.store)
