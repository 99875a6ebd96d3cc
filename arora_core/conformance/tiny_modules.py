"""WebAssembly modules of a few bytes, made to be loaded or refused: what they import and export is up to the check.

The format: https://webassembly.github.io/spec/core/binary/modules.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ..wasm.guest_symbols import ALLOC, ALLOC_TYPE, FREE, FREE_TYPE, MEMORY, WasmFunctionType

_WORDS: Final = {"i32": 0x7F, "i64": 0x7E, "f32": 0x7D, "f64": 0x7C}
_FUNCTION: Final = 0
_MEMORY: Final = 2

ABI_EXPORTS: Final[Mapping[str, WasmFunctionType]] = {ALLOC: ALLOC_TYPE, FREE: FREE_TYPE}
"""The functions every module has to export."""


def tiny_module(
    imports: Sequence[tuple[str, str, WasmFunctionType]] = (),
    exports: Mapping[str, WasmFunctionType] = ABI_EXPORTS,
    *,
    memory: str | None = MEMORY,
) -> bytes:
    """A module with a memory of one page, importing functions, and exporting functions that do nothing but trap.

    ``memory`` is the name under which its memory is exported, None to keep it to itself.
    """
    types = [type for _, _, type in imports] + list(exports.values())
    functions = range(len(imports), len(types))
    exported = [
        _name(name) + bytes([_FUNCTION]) + _number(index) for name, index in zip(exports, functions, strict=True)
    ]
    if memory is not None:
        exported.insert(0, _name(memory) + bytes([_MEMORY]) + b"\0")
    unreachable = b"\0\0\x0b"
    sections = {
        1: [b"\x60" + _words(type.params) + _words(type.results) for type in types],
        2: [_name(space) + _name(name) + bytes([_FUNCTION]) + _number(i) for i, (space, name, _) in enumerate(imports)],
        3: [_number(index) for index in functions],
        5: [b"\0\1"],
        7: exported,
        10: [_number(len(unreachable)) + unreachable for _ in exports],
    }
    return b"\0asm\1\0\0\0" + b"".join(
        bytes([id]) + _number(len(content)) + content for id, items in sections.items() for content in [_vector(items)]
    )


def _vector(items: Sequence[bytes]) -> bytes:
    return _number(len(items)) + b"".join(items)


def _words(words: Sequence[str]) -> bytes:
    return _vector([bytes([_WORDS[word]]) for word in words])


def _name(name: str) -> bytes:
    return _number(len(name)) + name.encode()


def _number(number: int) -> bytes:
    """Unsigned LEB128."""
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)
