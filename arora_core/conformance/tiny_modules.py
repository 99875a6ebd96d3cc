"""Minimal WebAssembly modules with given imports and exports, for checks of loading.

The format: https://webassembly.github.io/spec/core/binary/modules.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from ..wasm.binary_writer import name as encoded
from ..wasm.binary_writer import number, section, vector
from ..wasm.guest_symbols import ALLOC, ALLOC_TYPE, FREE, FREE_TYPE, MEMORY, WasmFunctionType

_VALUE_TYPES: Final = {"i32": 0x7F, "i64": 0x7E, "f32": 0x7D, "f64": 0x7C}
_FUNCTION_KIND: Final = 0
_MEMORY_KIND: Final = 2
_NO_LOCALS: Final = b"\0"
_UNREACHABLE: Final = b"\0"
_END: Final = b"\x0b"

ABI_EXPORTS: Final[Mapping[str, WasmFunctionType]] = {ALLOC: ALLOC_TYPE, FREE: FREE_TYPE}
"""The functions that every module has to export, with their types."""


def tiny_module(
    imports: Sequence[tuple[str, str, WasmFunctionType]] = (),
    exports: Mapping[str, WasmFunctionType] = ABI_EXPORTS,
    *,
    memory: str | None = MEMORY,
    tables: Sequence[int] = (),
    bodies: Mapping[str, bytes] = MappingProxyType({}),
) -> bytes:
    """Return the bytes of a module with a memory of one page, whose functions trap at once.

    ``imports`` are functions by namespace, name and type, ``exports`` types of functions by name. ``memory`` is the
    name under which the module exports its memory, None not to export it. ``tables`` are the initial sizes of tables
    of functions, ``bodies`` the instructions of exports that do not trap.
    """
    types = [type for _, _, type in imports] + list(exports.values())
    functions = range(len(imports), len(types))
    exported = [
        encoded(name) + bytes([_FUNCTION_KIND]) + number(index) for name, index in zip(exports, functions, strict=True)
    ]
    if memory is not None:
        exported.insert(0, encoded(memory) + bytes([_MEMORY_KIND]) + b"\0")
    codes = [_NO_LOCALS + bodies.get(name, _UNREACHABLE) + _END for name in exports]
    sections = {
        1: [b"\x60" + _value_types(type.params) + _value_types(type.results) for type in types],
        2: [
            encoded(space) + encoded(name) + bytes([_FUNCTION_KIND]) + number(i)
            for i, (space, name, _) in enumerate(imports)
        ],
        3: [number(index) for index in functions],
        4: [b"\x70\0" + number(size) for size in tables],
        5: [b"\0\1"],
        7: exported,
        10: [number(len(code)) + code for code in codes],
    }
    return b"\0asm\1\0\0\0" + b"".join(section(id, vector(items)) for id, items in sections.items())


def growing_table(elements: int) -> bytes:
    """Return instructions that grow the first table, and trap where that succeeds."""
    count = number(elements)
    if count[-1] & 0x40:
        count = count[:-1] + bytes([count[-1] | 0x80]) + b"\0"  # signed LEB128
    return b"\xd0\x70\x41" + count + b"\xfc\x0f\0\x41\x7f\x47\x04\x40" + _UNREACHABLE + _END


def _value_types(names: Sequence[str]) -> bytes:
    return vector([bytes([_VALUE_TYPES[name]]) for name in names])
