"""What a compiled module imports and exports, as plain data."""

from __future__ import annotations

from collections.abc import Iterator

from wasmtime import FuncType, GlobalType, MemoryType, Module, TableType

from arora_core.guest_symbols import WasmFunctionType, WasmType


def exports(module: Module) -> dict[str, WasmType]:
    """Names to types."""
    return {export.name: _plain(export.type) for export in module.exports}


def imports(module: Module) -> Iterator[tuple[str, str, WasmType]]:
    """Namespaces, names and types, in the module's order."""
    for imported in module.imports:
        yield imported.module, imported.name or "", _plain(imported.type)


def least_memory(module: Module) -> int:
    """Bytes of the exported memory at its start, 0 if none is exported."""
    sizes = (type.limits.min * type.page_size for type in _memories(module))
    return max(sizes, default=0)


def _memories(module: Module) -> Iterator[MemoryType]:
    for export in module.exports:
        if isinstance(export.type, MemoryType):
            yield export.type


def _plain(type: object) -> WasmType:
    if isinstance(type, FuncType):
        return WasmFunctionType(tuple(map(str, type.params)), tuple(map(str, type.results)))
    if isinstance(type, MemoryType):
        kinds = [word for word, holds in (("64-bit", type.is_64), ("shared", type.is_shared)) if holds]
        return " ".join([*kinds, "memory"])
    if isinstance(type, TableType):
        return "table"
    return "global" if isinstance(type, GlobalType) else "tag"
