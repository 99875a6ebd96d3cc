"""wasmtime-py as its documentation uses it: no buffers, only numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import wasmtime as w

I32, I64 = w.ValType.i32, w.ValType.i64


class Bare(NamedTuple):
    """An instance of ``bare.c``; its exports take the store first."""

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
    """An instance whose imports are ``add`` and ``answer``."""
    store = store or w.Store()
    linker = w.Linker(store.engine)
    # Types are made anew: one that another engine has seen ends the process.
    linker.define_func("host", "add", w.FuncType([I32(), I32()], [I32()]), add)
    linker.define_func("host", "answer", w.FuncType([], [I64()]), answer)
    exports = linker.instantiate(store, w.Module(store.engine, executable)).exports(store)
    return Bare(store, exports["add"], exports["ask"], exports["call_back"])


def chained(executable: bytes) -> Bare:
    """An instance whose ``host.add`` is another instance's ``add``, by way of Python."""
    callee = bare(executable)
    return bare(executable, add=lambda a, b: callee.add(callee.store, a, b), store=callee.store)
