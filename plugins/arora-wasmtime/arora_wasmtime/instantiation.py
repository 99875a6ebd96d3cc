"""From a compiled module to the exports of a running one."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Sequence
from ctypes import byref
from typing import Any, Final

from wasmtime import FuncType, InstancePre, Linker, Module, Store, ValType, WasiConfig, WasmtimeError
from wasmtime import _ffi as ffi

from arora_core.errors import LimitExceeded, LoadError, Trap, TrapKind, UnsupportedImport
from arora_core.executor import Limits
from arora_core.guest_symbols import (
    DISPATCH,
    DISPATCH_INDIRECT,
    FD_WRITE,
    FD_WRITE_TYPE,
    HOST_NAMESPACE,
    HOST_TYPES,
    MEMORY,
    WASI_NAMESPACE,
    WasmFunctionType,
)
from arora_core.linear_memory import LinearGuest

from .traps import reason
from .unchecked import Answer, Calls, define

_TABLE_ELEMENT: Final = 8
"""Bytes an element of a table takes from the host's memory."""
_VALUE_TYPES: Final = {"i32": ValType.i32, "i64": ValType.i64}


def limit_memory(store: Store, least: int, limits: Limits) -> None:
    """Holds what is instantiated in ``store`` to the memory limit. Raises LimitExceeded if it begins beyond."""
    if limits.memory is None:
        return
    if least > limits.memory:
        raise _beyond(f"begins with {least} bytes", limits)
    # Tables are memory too, only not the guest's own; and several memories would have the limit several times.
    store.set_limits(
        memory_size=min(limits.memory, 2**63 - 1),
        table_elements=min(limits.memory // _TABLE_ELEMENT, 2**63 - 1),
        memories=1,
    )


def _beyond(what: str, limits: Limits) -> LimitExceeded:
    return LimitExceeded(f"{what}, its limit is {limits.memory} bytes of memory", limit="memory")


def define_imports(
    linker: Linker, store: Store, imports: Sequence[tuple[str, str, object]], guest: LinearGuest, calls: Calls
) -> list[object]:
    """Defines what the module imports, checked by ``guest_symbols``; returns what has to outlive the store."""
    imported = {(namespace, name) for namespace, name, _ in imports}
    if any(namespace == WASI_NAMESPACE for namespace, _ in imported):
        # Without further settings a guest has no arguments, no environment, no files and an empty stdin.
        store.set_wasi(WasiConfig())
        linker.define_wasi()
        linker.allow_shadowing = True
    return [
        define(linker, import_, _function_type(type), answer, guest.carried, calls.unwinding)
        for import_, (type, answer) in _answers(guest).items()
        if import_ in imported
    ]


def _answers(guest: LinearGuest) -> dict[tuple[str, str], tuple[WasmFunctionType, Answer]]:
    dispatch, indirect, fd_write = guest.answer_dispatch, guest.answer_dispatch_indirect, guest.answer_fd_write

    def on_dispatch(env: Any, caller: Any, values: Any, count: Any) -> int:
        values[0] = dispatch(values[0], values[2], values[4])
        return 0

    def on_dispatch_indirect(env: Any, caller: Any, values: Any, count: Any) -> int:
        values[0] = indirect(values[0])
        return 0

    def on_fd_write(env: Any, caller: Any, values: Any, count: Any) -> int:
        values[0] = fd_write(values[0], values[2], values[4], values[6])
        return 0

    return {
        (HOST_NAMESPACE, DISPATCH): (HOST_TYPES[DISPATCH], on_dispatch),
        (HOST_NAMESPACE, DISPATCH_INDIRECT): (HOST_TYPES[DISPATCH_INDIRECT], on_dispatch_indirect),
        # Wasmtime's own takes callbacks for output too, but calls them in a thread of its own, where the host
        # does not expect to be called, an exception cannot unwind the guest, and which no forked child has.
        (WASI_NAMESPACE, FD_WRITE): (FD_WRITE_TYPE, on_fd_write),
    }


def _function_type(type: WasmFunctionType) -> FuncType:
    return FuncType([_VALUE_TYPES[word]() for word in type.params], [_VALUE_TYPES[word]() for word in type.results])


def link(linker: Linker, module: Module) -> InstancePre:
    """Raises UnsupportedImport for what WASI preview 1 does not have, or has with another type."""
    try:
        return linker.instantiate_pre(module)
    except WasmtimeError as error:
        message = reason(error)
        names = re.search(r"`([^`]*)::([^`]*)`", message)
        raise UnsupportedImport(message, symbol=".".join(names.groups()) if names else "") from None


def instantiate(prepared: InstancePre, calls: Calls, limits: Limits) -> ffi.wasmtime_instance_t:
    """Raises LimitExceeded for what is too large from the start, Trap when the guest crashes as it starts."""
    try:
        return calls.instantiate(prepared)
    except Trap as trap:
        # What the module's own types say was looked at before; memories and tables it keeps to itself were not.
        if limits.memory is not None and trap.kind is TrapKind.OTHER and "limit" in trap.message:
            raise _beyond(trap.message, limits) from None
        raise


class Exports:
    """The exports of an instance, by name. What they are has been checked by ``guest_symbols``."""

    def __init__(self, store: Store, instance: ffi.wasmtime_instance_t) -> None:
        self._store = store
        self._instance = instance

    def function(self, name: str) -> ffi.wasmtime_func_t:
        function: ffi.wasmtime_func_t = self.item(name).of.func
        return function

    def memory(self) -> ffi.wasmtime_memory_t:
        memory: ffi.wasmtime_memory_t = self.item(MEMORY).of.memory
        return memory

    def item(self, name: str) -> ffi.wasmtime_extern_t:
        symbol = name.encode()
        item = ffi.wasmtime_extern_t()
        context = self._store._context()
        found = ffi.wasmtime_instance_export_get(
            context, byref(self._instance), ctypes.create_string_buffer(symbol), len(symbol), byref(item)
        )
        if not found:
            raise LoadError(f"lost its export {name}")
        return item
