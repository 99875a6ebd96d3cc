"""What a component has to export, and what it may import (ABI §6): the checks, with the same words on every host."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ...errors import MalformedExecutable, MissingExport, UnsupportedImport
from .component_plan import ComponentPlan, CoreItem, Instantiated, Lifted, Lowered, Unavailable

DISPATCH: Final = "dispatch"
DISPATCH_INDIRECT: Final = "dispatch-indirect"
HOST_INTERFACE: Final = "arora:module/host"
_VERSIONS: Final = ("0.1.", "0.2.")
"""The second is the Rust crates': its components also export which functions they have, which headers say here."""
_WASI_VERSION: Final = "0.2."
_WASI: Final = ("wasi:cli/", "wasi:clocks/", "wasi:filesystem/", "wasi:io/", "wasi:random/", "wasi:sockets/")

_ID: Final = "record {hi: u64, lo: u64}"
_RESULT: Final = "result<list<u8>, string>"
EXPORT_TYPE: Final = f"func({_ID}, list<u8>) -> {_RESULT}"
"""The type of ``dispatch``, which a component exports."""
_HOST_TYPES: Final = {
    DISPATCH: f"func({_ID}, {_ID}, list<u8>) -> {_RESULT}",
    DISPATCH_INDIRECT: f"func(u64) -> {_RESULT}",
}


def interface_name(interface: str) -> tuple[str, str]:
    """Return the name of an interface, and its version, which is empty where there is none."""
    name, _, version = interface.partition("@")
    return name, version


def is_host(interface: str) -> bool:
    """Return whether this is the interface by which modules call one another."""
    name, version = interface_name(interface)
    return name == HOST_INTERFACE and (not version or version.startswith(_VERSIONS))


def is_wasi(interface: str) -> bool:
    """Return whether this is an interface of WASI 0.2 that hosts offer."""
    name, version = interface_name(interface)
    return name.startswith(_WASI) and version.startswith(_WASI_VERSION)


def check_world(plan: ComponentPlan) -> Lifted:
    """Return the component's function ``dispatch``.

    Raises MissingExport if there is none or it has another type, UnsupportedImport for an import that hosts do not
    offer, and MalformedExecutable for what components may have and these hosts do not support.
    """
    found = plan.functions.get(DISPATCH)
    if found is None:
        raise MissingExport(
            f"does not export the function {DISPATCH}, which every module of the world arora:module has",
            symbol=DISPATCH,
        )
    if isinstance(found, Unavailable):
        raise MissingExport(f"exports {DISPATCH} by way of {found.what}, which is not supported", symbol=DISPATCH)
    if found.type.text != EXPORT_TYPE:
        raise MissingExport(
            f"{DISPATCH} has type {found.type.text}, expected {EXPORT_TYPE}",
            symbol=DISPATCH,
        )
    for lowered in plan.imports:
        _check_import(lowered)
    for item in (found.function, found.memory, found.realloc, *_linked(plan)):
        if item is None:
            raise MalformedExecutable(f"lifts {DISPATCH} without a memory or an allocator")
        if isinstance(item, Unavailable):
            raise MalformedExecutable(f"needs {item.what}, which is not supported")
    return found


def _check_import(lowered: Lowered) -> None:
    symbol = f"{lowered.interface}.{lowered.name}" if lowered.interface else lowered.name
    if is_host(lowered.interface):
        expected = _HOST_TYPES.get(lowered.name)
        if expected is None:
            raise UnsupportedImport(f"imports {symbol}, which no host offers", symbol=symbol)
        if lowered.type.text != expected:
            raise UnsupportedImport(
                f"imports {symbol} with type {lowered.type.text}, expected {expected}", symbol=symbol
            )
        if lowered.memory is None or lowered.realloc is None:
            raise MalformedExecutable(f"imports {symbol} without a memory or an allocator")
    elif not is_wasi(lowered.interface):
        hosts = [f"{HOST_INTERFACE}@{version}0" for version in _VERSIONS]
        offered = ", ".join([*hosts, *(f"{each}*@{_WASI_VERSION}*" for each in _WASI)])
        raise UnsupportedImport(f"imports {symbol}, which no host offers (offered: {offered})", symbol=symbol)


def _linked(plan: ComponentPlan) -> Iterator[CoreItem]:
    """Yield what the core modules import by way of the component."""
    for instance in plan.instances:
        if not isinstance(instance, Instantiated):
            yield from instance.values()
