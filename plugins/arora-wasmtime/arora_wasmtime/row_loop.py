"""Loops over rows in a Wasmtime store: the module of :mod:`arora_core.wasm.row_loop_module`, instantiated there."""

from __future__ import annotations

from collections.abc import Sequence
from ctypes import byref, c_int64, c_size_t, c_uint64
from typing import Any

from arora_core.executor import Forms
from arora_core.guest_symbols import FREE, MEMORY
from arora_core.linear_memory import GlobalVariable
from arora_core.wasm.c_callbacks import require_frame
from arora_core.wasm.row_loop_module import row_loop_module

from .engines import CompilingEngine
from .traps import ADAPTER
from .unchecked_store import WORDS, UncheckedStore, enter


class _Loop:
    """A :class:`arora_core.wasm.row_loops.RowLoop`."""

    def __init__(self, store: UncheckedStore, run: Any, row: GlobalVariable) -> None:
        self._store = store
        self._run = run
        self.row = row

    def run(self, numbers: Sequence[int]) -> int:
        store = self._store
        values = (c_uint64 * (len(numbers) * WORDS))()
        values[::WORDS] = list(numbers)
        if store.calls_host:
            require_frame()
        try:
            error = enter(
                store.context, byref(self._run.of.func), byref(values), c_size_t(len(numbers)), byref(store.trap)
            )
            if error or store.trap or store.guest.carried:
                store.fail(error)
        except BaseException:
            store.discard_trap()
            raise
        return c_int64.from_buffer(values).value


def row_loop(store: UncheckedStore, compiling: CompilingEngine, symbol: str, forms: Forms) -> _Loop:
    """Return a loop that calls the guest's function ``symbol``, for rows of these forms."""
    module = compiling.adapter_module(row_loop_module(forms, ADAPTER))
    export = store.instantiate_module(module, [store.exported(each) for each in (MEMORY, symbol, FREE)])
    return _Loop(store, export("run"), store.variable(export("row")))
