"""Minimal WebAssembly modules with given imports and exports, for checks of loading.

The format: https://webassembly.github.io/spec/core/binary/modules.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ..wasm.binary_writer import name as encoded
from ..wasm.binary_writer import number, section, vector
from ..wasm.guest_symbols import ALLOC, ALLOC_TYPE, FREE, FREE_TYPE, MEMORY, WasmFunctionType

_VALUE_TYPES: Final = {"i32": 0x7F, "i64": 0x7E, "f32": 0x7D, "f64": 0x7C}
_FUNCTION_KIND: Final = 0
_MEMORY_KIND: Final = 2

ABI_EXPORTS: Final[Mapping[str, WasmFunctionType]] = {ALLOC: ALLOC_TYPE, FREE: FREE_TYPE}
"""The functions that every module has to export, with their types."""


def tiny_module(
    imports: Sequence[tuple[str, str, WasmFunctionType]] = (),
    exports: Mapping[str, WasmFunctionType] = ABI_EXPORTS,
    *,
    memory: str | None = MEMORY,
) -> bytes:
    """Return the bytes of a module with a memory of one page, whose functions trap at once.

    ``imports`` are functions by namespace, name and type, ``exports`` types of functions by name. ``memory`` is the
    name under which the module exports its memory, None not to export it.
    """
    types = [type for _, _, type in imports] + list(exports.values())
    functions = range(len(imports), len(types))
    exported = [
        encoded(name) + bytes([_FUNCTION_KIND]) + number(index) for name, index in zip(exports, functions, strict=True)
    ]
    if memory is not None:
        exported.insert(0, encoded(memory) + bytes([_MEMORY_KIND]) + b"\0")
    unreachable = b"\0\0\x0b"
    sections = {
        1: [b"\x60" + _value_types(type.params) + _value_types(type.results) for type in types],
        2: [
            encoded(space) + encoded(name) + bytes([_FUNCTION_KIND]) + number(i)
            for i, (space, name, _) in enumerate(imports)
        ],
        3: [number(index) for index in functions],
        5: [b"\0\1"],
        7: exported,
        10: [number(len(unreachable)) + unreachable for _ in exports],
    }
    return b"\0asm\1\0\0\0" + b"".join(section(id, vector(items)) for id, items in sections.items())


def _value_types(names: Sequence[str]) -> bytes:
    return vector([bytes([_VALUE_TYPES[name]]) for name in names])
