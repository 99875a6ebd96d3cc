"""From a compiled module to the exports of a running one."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from wasmtime import InstancePre, Linker, Module, Store, WasiConfig, WasmtimeError

from arora_core.errors import LimitExceeded, Trap, TrapKind, UnsupportedImport
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

from .calls import Calls
from .traps import reason

_MANY: Final = 1 << 31
"""Instances in a store, of which Wasmtime allows few. Each function that is called has one (``call_adapter``)."""
_TABLE_ELEMENT: Final = 8
"""Bytes an element of a table takes from the host's memory."""


def limit_memory(store: Store, least: int, limits: Limits) -> None:
    """Holds what is instantiated in ``store`` to the memory limit. Raises LimitExceeded if it begins beyond."""
    if limits.memory is None:
        store.set_limits(instances=_MANY)
        return
    if least > limits.memory:
        raise _beyond(f"begins with {least} bytes", limits)
    # Tables are memory too, only not the guest's own; and several memories would have the limit several times.
    store.set_limits(
        memory_size=min(limits.memory, 2**63 - 1),
        table_elements=min(limits.memory // _TABLE_ELEMENT, 2**63 - 1),
        memories=1,
        instances=_MANY,
    )


def _beyond(what: str, limits: Limits) -> LimitExceeded:
    return LimitExceeded(f"{what}, its limit is {limits.memory} bytes of memory", limit="memory")


def define_imports(
    linker: Linker, store: Store, imports: Sequence[tuple[str, str, object]], guest: LinearGuest, calls: Calls
) -> None:
    """Defines what the module imports, checked by ``guest_symbols``."""
    imported = {(namespace, name) for namespace, name, _ in imports}
    if any(namespace == WASI_NAMESPACE for namespace, _ in imported):
        # Without further settings a guest has no arguments, no environment, no files and an empty stdin.
        store.set_wasi(WasiConfig())
        linker.define_wasi()
        linker.allow_shadowing = True
    answers: dict[tuple[str, str], tuple[WasmFunctionType, Callable[..., int]]] = {
        (HOST_NAMESPACE, DISPATCH): (HOST_TYPES[DISPATCH], guest.answer_dispatch),
        (HOST_NAMESPACE, DISPATCH_INDIRECT): (HOST_TYPES[DISPATCH_INDIRECT], guest.answer_dispatch_indirect),
        # Wasmtime's own takes callbacks for output too, but calls them in a thread of its own, where the host
        # does not expect to be called, an exception cannot unwind the guest, and which no forked child has.
        (WASI_NAMESPACE, FD_WRITE): (FD_WRITE_TYPE, guest.answer_fd_write),
    }
    for import_, (type, answer) in answers.items():
        if import_ in imported:
            calls.define(linker, import_, type, answer)


def link(linker: Linker, module: Module) -> InstancePre:
    """Raises UnsupportedImport for what WASI preview 1 does not have, or has with another type."""
    try:
        return linker.instantiate_pre(module)
    except WasmtimeError as error:
        message = reason(error)
        names = re.search(r"`([^`]*)::([^`]*)`", message)
        raise UnsupportedImport(message, symbol=".".join(names.groups()) if names else "") from None


def instantiate(prepared: InstancePre, calls: Calls, limits: Limits) -> None:
    """Raises LimitExceeded for what is too large from the start, Trap when the guest crashes as it starts."""
    try:
        calls.instantiate(prepared)
    except Trap as trap:
        # What the module's own types say was looked at before; memories and tables it keeps to itself were not.
        if limits.memory is not None and trap.kind is TrapKind.OTHER and "limit" in trap.message:
            raise _beyond(trap.message, limits) from None
        raise
