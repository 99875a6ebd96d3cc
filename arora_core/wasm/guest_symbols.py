"""The exports that a WebAssembly guest must have and the imports it may have (ABI §3, §4), checked on plain data.

An executor translates its runtime's description of a module into names and :class:`WasmFunctionType`. The checks and
their messages are here, so that every executor refuses the same modules in the same words.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Union

from ..errors import MissingExport, UnsupportedImport

if TYPE_CHECKING:
    from ..header import Header

MEMORY: Final = "memory"
ALLOC: Final = "arora_buffer_alloc"
FREE: Final = "arora_buffer_free"
INITIALIZE: Final = "_initialize"
CONSTRUCTORS: Final = "__wasm_call_ctors"
START: Final = "_start"

HOST_NAMESPACE: Final = "env"
DISPATCH: Final = "arora_dispatch"
DISPATCH_INDIRECT: Final = "arora_dispatch_indirect"
WASI_NAMESPACE: Final = "wasi_snapshot_preview1"
FD_WRITE: Final = "fd_write"


@dataclass(frozen=True)
class WasmFunctionType:
    """The type of a function, in the names of the text format: ``("i32", "i64")``."""

    params: tuple[str, ...] = ()
    results: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"({', '.join(self.params)}) -> ({', '.join(self.results)})"


WasmType = Union[WasmFunctionType, str]
"""The type of a function, or the kind of another import or export: ``memory``, ``table``, ``global``, ``tag``."""

ALLOC_TYPE: Final = WasmFunctionType(("i32",), ("i32",))
FREE_TYPE: Final = WasmFunctionType(("i32",), ())
FUNCTION_TYPE: Final = WasmFunctionType(("i32",), ("i32",))
INITIALIZE_TYPE: Final = WasmFunctionType()
HOST_TYPES: Final[Mapping[str, WasmFunctionType]] = {
    DISPATCH: WasmFunctionType(("i32", "i32", "i32"), ("i32",)),
    DISPATCH_INDIRECT: WasmFunctionType(("i64",), ("i32",)),
}
FD_WRITE_TYPE: Final = WasmFunctionType(("i32",) * 4, ("i32",))


def function_symbol(id: bytes) -> str:
    """Return the export name of the function with this id, 16 raw bytes: ``arora_function_<uuid, _ for ->``."""
    digits = id.hex()
    return f"arora_function_{digits[:8]}_{digits[8:12]}_{digits[12:16]}_{digits[16:20]}_{digits[20:]}"


def check_exports(header: Header, exports: Mapping[str, WasmType]) -> None:
    """Raise MissingExport unless ``exports`` has every export that ``header`` and the ABI require."""
    _expect(exports, MEMORY, MEMORY, "")
    _expect(exports, ALLOC, ALLOC_TYPE, "")
    _expect(exports, FREE, FREE_TYPE, "")
    for function in header.exports:
        _expect(exports, function_symbol(function.id.bytes), FUNCTION_TYPE, f", which is {function.name}")
    for symbol in (INITIALIZE, CONSTRUCTORS):
        if symbol in exports:
            _expect(exports, symbol, INITIALIZE_TYPE, "")
    if START in exports and INITIALIZE not in exports:
        raise MissingExport(
            f"exports {START} and no {INITIALIZE}: it is a program, which ends once it has run, so its functions would "
            "find nothing initialized; build it as a reactor, with -mexec-model=reactor",
            symbol=INITIALIZE,
        )


def initializer(exports: Container[str]) -> str | None:
    """Return the export that the host calls once, before anything else, None if there is none (ABI §3).

    ``_initialize`` calls the constructors of globals itself. ``exports`` have passed :func:`check_exports`.
    """
    return next((symbol for symbol in (INITIALIZE, CONSTRUCTORS) if symbol in exports), None)


def _expect(exports: Mapping[str, WasmType], symbol: str, expected: WasmType, what: str) -> None:
    found = exports.get(symbol)
    if found is None:
        raise MissingExport(f"does not export {symbol}{what}", symbol=symbol)
    if found != expected:
        raise MissingExport(_difference(symbol + what, found, expected), symbol=symbol)


def check_imports(imports: Iterable[tuple[str, str, WasmType]]) -> None:
    """Raise UnsupportedImport for the first (namespace, name, type) that hosts do not offer.

    Any function of the WASI preview 1 namespace passes: its names and types are checked by the runtime or by
    :func:`arora_core.wasi.check_wasi_imports`.
    """
    for namespace, name, found in imports:
        symbol = f"{namespace}.{name}"
        if namespace == WASI_NAMESPACE and isinstance(found, WasmFunctionType):
            continue
        expected = HOST_TYPES.get(name) if namespace == HOST_NAMESPACE else None
        if expected is None:
            offered = ", ".join(f"{HOST_NAMESPACE}.{name}" for name in HOST_TYPES)
            raise UnsupportedImport(
                f"imports {symbol}, which no host offers (offered: {offered}, {WASI_NAMESPACE}.*)", symbol=symbol
            )
        if found != expected:
            raise UnsupportedImport(f"imports {symbol}, but {_difference(symbol, found, expected)}", symbol=symbol)


def _difference(symbol: str, found: WasmType, expected: WasmType) -> str:
    if isinstance(found, str):
        return f"{symbol} is a {found}, expected {_kind(expected)}"
    if isinstance(expected, str):
        return f"{symbol} is a function, expected a {expected}"
    return f"{symbol} has type {found}, expected {expected}"


def _kind(expected: WasmType) -> str:
    return f"a {expected}" if isinstance(expected, str) else f"a function {expected}"
