"""What a WebAssembly module imports and exports, read from its bytes.

The format: https://webassembly.github.io/spec/core/binary/modules.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from arora_core.guest_symbols import WasmFunctionType, WasmType

_T = TypeVar("_T")
_HEAD: Final = b"\0asm\1\0\0\0"
_WORDS: Final = {0x7F: "i32", 0x7E: "i64", 0x7D: "f32", 0x7C: "f64"}
_TYPES, _IMPORTS, _FUNCTIONS, _EXPORTS = 1, 2, 3, 7
_FUNCTION, _TABLE, _MEMORY, _GLOBAL = range(4)
_KINDS: Final = {_TABLE: "table", _MEMORY: "memory", _GLOBAL: "global"}


def read(executable: bytes) -> tuple[list[tuple[str, str, WasmType]], dict[str, WasmType]]:
    """The imports and the exports. Raises ValueError for what is no module."""
    sections = _sections(executable)
    types = _vector(sections, _TYPES, _Reader.function_type)
    imports = _vector(sections, _IMPORTS, lambda reader: (reader.name(), reader.name(), reader.imported(types)))
    functions: list[WasmType] = [type for _, _, type in imports if isinstance(type, WasmFunctionType)]
    functions += [types[index] for index in _vector(sections, _FUNCTIONS, _Reader.number)]
    return imports, dict(_vector(sections, _EXPORTS, lambda reader: (reader.name(), reader.exported(functions))))


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, size: int) -> bytes:
        if self.at + size > len(self.data):
            raise ValueError("the module ends too early")
        self.at += size
        return self.data[self.at - size : self.at]

    def number(self) -> int:
        number = shift = 0
        while True:
            byte = self.take(1)[0]
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return number

    def name(self) -> str:
        return self.take(self.number()).decode()

    def words(self) -> tuple[str, ...]:
        return tuple(_WORDS.get(byte, "another") for byte in self.take(self.number()))

    def function_type(self) -> WasmFunctionType:
        self.take(1)
        return WasmFunctionType(self.words(), self.words())

    def imported(self, types: list[WasmFunctionType]) -> WasmType:
        kind = self.number()
        if kind == _FUNCTION:
            return types[self.number()]
        if kind in (_TABLE, _GLOBAL):
            self.take(1)
        if kind == _GLOBAL:
            self.take(1)
        elif self.number() % 2:
            self.number(), self.number()
        else:
            self.number()
        return _KINDS.get(kind, "tag")

    def exported(self, functions: list[WasmType]) -> WasmType:
        kind, index = self.number(), self.number()
        return functions[index] if kind == _FUNCTION else _KINDS.get(kind, "tag")


def _sections(executable: bytes) -> dict[int, bytes]:
    reader = _Reader(executable)
    if reader.take(len(_HEAD)) != _HEAD:
        raise ValueError("not a WebAssembly module")
    sections = {}
    while reader.at < len(executable):
        id = reader.number()
        sections[id] = reader.take(reader.number())
    return sections


def _vector(sections: dict[int, bytes], id: int, item: Callable[[_Reader], _T]) -> list[_T]:
    reader = _Reader(sections.get(id, b"\0"))
    return [item(reader) for _ in range(reader.number())]
