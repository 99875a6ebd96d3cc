"""The imports and exports of a WebAssembly module, with their types, read from its binary.

The descriptions that runtimes offer differ: JavaScript's has no function types, and wasmtime-py ends the process for a
type with vectors. The sections with this data are few and simple.

Reference: https://webassembly.github.io/spec/core/binary/modules.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ..errors import MalformedExecutable
from .binary_reader import WasmReader
from .guest_symbols import WasmFunctionType, WasmType

_MAGIC: Final = b"\0asm\x01\0\0\0"
_COMPONENT: Final = b"\x0d\0\x01\0"

_TYPES, _IMPORTS, _FUNCTIONS, _TABLES, _MEMORIES, _GLOBALS, _EXPORTS, _TAGS = 1, 2, 3, 4, 5, 6, 7, 13
_FUNCTION, _TABLE, _MEMORY, _GLOBAL, _TAG = range(5)
_READ: Final = {_TYPES, _IMPORTS, _FUNCTIONS, _MEMORIES, _EXPORTS}

_VALUES: Final = {
    0x7F: "i32",
    0x7E: "i64",
    0x7D: "f32",
    0x7C: "f64",
    0x7B: "v128",
    0x78: "i8",
    0x77: "i16",
    0x74: "noexnref",
    0x73: "nullfuncref",
    0x72: "nullexternref",
    0x71: "nullref",
    0x70: "funcref",
    0x6F: "externref",
    0x6E: "anyref",
    0x6D: "eqref",
    0x6C: "i31ref",
    0x6B: "structref",
    0x6A: "arrayref",
    0x69: "exnref",
}
_REFERENCES: Final = {0x64: "(ref {})", 0x63: "(ref null {})"}
_RECURSIVE, _SUB, _SUB_FINAL, _FUNC, _STRUCT, _ARRAY = 0x4E, 0x50, 0x4F, 0x60, 0x5F, 0x5E
_PAGE_BITS: Final = 16
_HAS_MAXIMUM, _SHARED, _IS_64_BIT, _HAS_PAGE_SIZE = 1, 2, 4, 8


@dataclass
class ModuleTypes:
    """The types of a module: ``exports`` by name, ``imports`` as (namespace, name, type) in the module's order.

    ``least_memory`` is the initial size of the largest memory that the module defines, in bytes. No function type of
    the module has more parameters than ``most_params``, or more results than ``most_results``.
    """

    exports: dict[str, WasmType] = field(default_factory=dict)
    imports: list[tuple[str, str, WasmType]] = field(default_factory=list)
    least_memory: int = 0
    most_params: int = 0
    most_results: int = 0


def require_module(executable: bytes) -> None:
    """Raise MalformedExecutable if ``executable`` does not begin as a module does.

    Nothing is quoted of it: it may be a link of a stranger's to another file.
    """
    if executable[:4] == _MAGIC[:4] and executable[6:8] == _COMPONENT[2:]:
        raise MalformedExecutable(
            "a WebAssembly component, expected a module; its header would have to say executor: {name: wasm-component}"
        )
    if executable[:4] != _MAGIC[:4]:
        text = "it is in the text format, which wat2wasm translates"
        why = "it is empty" if not executable else text if executable[:1] == b"(" else "it does not begin with \\0asm"
        raise MalformedExecutable(f"not a WebAssembly module: {why}")


def read(executable: bytes) -> ModuleTypes:
    """Return the types of ``executable``. Raises MalformedExecutable, but does not validate the whole module."""
    require_module(executable)
    if executable[:8] != _MAGIC:
        raise MalformedExecutable("of a version of WebAssembly that is not known")
    return _Module(WasmReader(executable, 8)).types


class _Module:
    """The index spaces of a module, filled section by section."""

    def __init__(self, reader: WasmReader) -> None:
        self.types = ModuleTypes()
        self._signatures: list[WasmFunctionType | None] = []
        self._functions: list[WasmType] = []
        self._memories: list[WasmType] = []
        while reader.left:
            section = reader.byte()
            body = reader.part(reader.u32())
            if section in _READ:
                self._section(section, body)

    def _section(self, section: int, body: WasmReader) -> None:
        for _ in range(body.count()):
            if section == _TYPES:
                self._recursive_types(body)
            elif section == _IMPORTS:
                self._import(body)
            elif section == _FUNCTIONS:
                self._functions.append(self._signature(body))
            elif section == _MEMORIES:
                limits = _limits(body)
                self._memories.append(_memory_type(limits))
                self.types.least_memory = max(self.types.least_memory, limits.least * limits.page_size)
            else:
                self._export(body)

    def _recursive_types(self, body: WasmReader) -> None:
        if body.peek() != _RECURSIVE:
            self._type(body)
            return
        body.byte()
        for _ in range(body.count()):
            self._type(body)

    def _type(self, body: WasmReader) -> None:
        form = body.byte()
        if form in (_SUB, _SUB_FINAL):
            for _ in range(body.count()):
                body.u32()
            form = body.byte()
        signature = None
        if form == _FUNC:
            signature = WasmFunctionType(_values(body), _values(body))
            self.types.most_params = max(self.types.most_params, len(signature.params))
            self.types.most_results = max(self.types.most_results, len(signature.results))
        elif form == _STRUCT:
            for _ in range(body.count()):
                _field(body)
        elif form == _ARRAY:
            _field(body)
        else:
            raise body.malformed(f"a type of the unknown form {form:#x}")
        self._signatures.append(signature)

    def _signature(self, body: WasmReader) -> WasmFunctionType:
        index = body.u32()
        signature = self._signatures[index] if index < len(self._signatures) else None
        if signature is None:
            raise body.malformed(f"a function with type index {index}, which is not a function type")
        return signature

    def _import(self, body: WasmReader) -> None:
        namespace, name, kind = body.name(), body.name(), body.byte()
        found: WasmType
        if kind == _FUNCTION:
            found = self._signature(body)
            self._functions.append(found)
        elif kind == _TABLE:
            _value(body)
            _limits(body)
            found = "table"
        elif kind == _MEMORY:
            found = _memory_type(_limits(body))
            self._memories.append(found)
        elif kind == _GLOBAL:
            _field(body)
            found = "global"
        elif kind == _TAG:
            body.byte()
            body.u32()
            found = "tag"
        else:
            raise body.malformed(f"an import of the unknown kind {kind:#x}")
        self.types.imports.append((namespace, name, found))

    def _export(self, body: WasmReader) -> None:
        name, kind, index = body.name(), body.byte(), body.u32()
        spaces: dict[int, list[WasmType]] = {_FUNCTION: self._functions, _MEMORY: self._memories}
        others = {_TABLE: "table", _GLOBAL: "global", _TAG: "tag"}
        if kind in spaces:
            if index >= len(spaces[kind]):
                raise body.malformed(f"an export with index {index}, which does not exist")
            self.types.exports[name] = spaces[kind][index]
        elif kind in others:
            self.types.exports[name] = others[kind]
        else:
            raise body.malformed(f"an export of the unknown kind {kind:#x}")


def _values(body: WasmReader) -> tuple[str, ...]:
    return tuple(_value(body) for _ in range(body.count()))


def _value(body: WasmReader) -> str:
    code = body.byte()
    if code in _REFERENCES:
        heap = body.s33()
        return _REFERENCES[code].format(heap if heap >= 0 else _VALUES.get(heap & 0x7F, hex(heap & 0x7F)))
    if code not in _VALUES:
        raise body.malformed(f"a value of the unknown type {code:#x}")
    return _VALUES[code]


def _field(body: WasmReader) -> None:
    _value(body)
    body.byte()  # mutability


class _Limits(NamedTuple):
    flags: int
    least: int
    page_size: int


def _limits(body: WasmReader) -> _Limits:
    flags, least = body.byte(), body.u64()
    if flags & _HAS_MAXIMUM:
        body.u64()
    page_size = 1 << min(body.u32(), _PAGE_BITS) if flags & _HAS_PAGE_SIZE else 1 << _PAGE_BITS
    return _Limits(flags, least, page_size)


def _memory_type(limits: _Limits) -> str:
    kinds = [word for word, flag in (("64-bit", _IS_64_BIT), ("shared", _SHARED)) if limits.flags & flag]
    return " ".join([*kinds, "memory"])
