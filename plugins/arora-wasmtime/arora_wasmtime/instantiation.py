"""The steps from a compiled module to a running instance."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, cast

from wasmtime import InstancePre, Linker, Module, Store, WasiConfig, WasmtimeError

from arora_core.errors import MalformedExecutable, Trap, TrapKind, UnsupportedImport
from arora_core.executor import Limits
from arora_core.guest_symbols import (
    DISPATCH,
    DISPATCH_INDIRECT,
    FD_WRITE,
    FD_WRITE_TYPE,
    HOST_NAMESPACE,
    HOST_TYPES,
    WASI_NAMESPACE,
    WasmFunctionType,
)
from arora_core.linear_memory import LinearGuest
from arora_core.wasi import PREVIEW_1, Preview1
from arora_core.wasm.fixed_tables import beyond
from arora_core.wasm.memory_shortage import memory_shortage

from .calls import Calls
from .traps import reason

_MAX_INSTANCES: Final = 1 << 31
"""Instances that a store may hold. Wasmtime's default is too low for one call adapter per function."""
_REPLACED: Final = ("poll_oneoff", "random_get", "proc_exit")
"""Functions of WASI that replace Wasmtime's own: two of those do not stop at a deadline, and ``proc_exit`` refuses exit
codes from 126 on."""


def limit_memory(store: Store, least: int, tables: int, limits: Limits, memories: int) -> None:
    """Apply the memory limit to ``store``, for tables of so many bytes, and to each of so many memories.

    Raise LimitExceeded if ``least``, the initial bytes of the memory, and the tables exceed it.
    """
    if limits.memory is None:
        store.set_limits(instances=_MAX_INSTANCES)
        return
    if least + tables > limits.memory:
        raise beyond(f"begins with {least + tables} bytes", limits.memory)
    # The limit is per memory, so no more are allowed. The heap of garbage-collected types would be another. The tables
    # of the module cannot grow.
    store.set_limits(memory_size=min(limits.memory - tables, 2**63 - 1), memories=memories, instances=_MAX_INSTANCES)


def define_imports(
    linker: Linker,
    store: Store,
    imports: Sequence[tuple[str, str, object]],
    guest: LinearGuest,
    wasi: Preview1,
    calls: Calls,
) -> None:
    """Define the module's imports, which ``check_imports`` has accepted."""
    imported = {(namespace, name) for namespace, name, _ in imports}
    if any(namespace == WASI_NAMESPACE for namespace, _ in imported):
        # The default configuration offers no arguments, environment or files, and an empty stdin.
        store.set_wasi(WasiConfig())
        linker.define_wasi()
        linker.allow_shadowing = True
    answers: dict[tuple[str, str], tuple[WasmFunctionType, Callable[..., int]]] = {
        (HOST_NAMESPACE, DISPATCH): (HOST_TYPES[DISPATCH], guest.answer_dispatch),
        (HOST_NAMESPACE, DISPATCH_INDIRECT): (HOST_TYPES[DISPATCH_INDIRECT], guest.answer_dispatch_indirect),
        # Wasmtime offers output callbacks too, but calls them in another thread. The host does not expect calls
        # there, an exception cannot unwind the guest from there, and a forked child does not have that thread.
        (WASI_NAMESPACE, FD_WRITE): (FD_WRITE_TYPE, guest.answer_fd_write),
    }
    for name in _REPLACED:
        answers[WASI_NAMESPACE, name] = PREVIEW_1[name], cast("Callable[..., int]", wasi.answer(name))
    for import_, (type, answer) in answers.items():
        if import_ in imported:
            calls.define(linker, import_, calls.host_function(import_, type, answer))


def link(linker: Linker, module: Module) -> InstancePre:
    """Return ``module`` with its imports resolved. Raise UnsupportedImport for one WASI preview 1 does not define."""
    try:
        return linker.instantiate_pre(module)
    except WasmtimeError as error:
        message = reason(error)
        names = re.search(r"`([^`]*)::([^`]*)`", message)
        raise UnsupportedImport(message, symbol=".".join(names.groups()) if names else "") from None


def instantiate(prepared: InstancePre, calls: Calls, limits: Limits) -> None:
    """Instantiate the module.

    Raise LimitExceeded if it starts too large, LoadError if memory is short, MalformedExecutable if it needs what the
    engine has disabled, Trap if its start function crashes.
    """
    with part_failure(limits):
        calls.instantiate(prepared)


@contextmanager
def part_failure(limits: Limits) -> Iterator[None]:
    """Raise what :func:`instantiate` raises, where the body instantiates a module."""
    try:
        yield
    except Trap as trap:
        # limit_memory has checked exported memories, but not the memories and tables that are not exported.
        if limits.memory is not None and trap.kind is TrapKind.OTHER and "limit" in trap.message:
            raise beyond(trap.message, limits.memory) from None
        if trap.kind is TrapKind.OTHER and "disabled for this engine" in trap.message:
            raise MalformedExecutable(trap.message.partition(" -- ")[0]) from None
        if trap.kind is TrapKind.OTHER and "incompatible import type" in trap.message:
            raise MalformedExecutable(f"is malformed: {trap.message}") from None
        if trap.kind is TrapKind.OTHER and (shortage := memory_shortage(trap.message)):
            raise shortage from None
        raise
