"""The types of a component's binary.

Reference: https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md (type definitions)
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from ..binary_reader import WasmReader
from . import component_types as types
from .component_types import PRIMITIVES, FunctionType, InstanceType, OtherType, Type, ValueType

CORE, FUNCTION, VALUE, TYPE, COMPONENT, INSTANCE = range(6)
"""What an index or an export is of: one of the core sorts, or a sort of components."""
CORE_MODULE: Final = 0x11
_EQUAL: Final = 0
_DEEPEST: Final = 100
"""Scopes inside one another."""
_MOST_TYPES: Final = 100_000
"""Types of one scope: each takes a few hundred bytes here, and may take two in the binary."""


class TypeScope:
    """The types of a component, or of the declarations inside an instance's or a component's type, by index."""

    def __init__(self, outer: TypeScope | None = None) -> None:
        self.types: list[Type] = []
        self._outer = outer
        self._depth: int = 0 if outer is None else outer._depth + 1

    def at(self, reader: WasmReader, index: int) -> Type:
        """Return the type with this index."""
        if index >= len(self.types):
            raise reader.malformed(f"a type with index {index}, which does not exist")
        return self.types[index]

    def outer(self, reader: WasmReader, levels: int, index: int) -> Type:
        """Return a type of a scope so many levels further out."""
        scope: TypeScope | None = self
        for _ in range(levels):
            scope = None if scope is None else scope._outer
        if scope is None:
            raise reader.malformed(f"an alias of a scope {levels} levels further out")
        return scope.at(reader, index)

    def define(self, reader: WasmReader) -> None:
        """Read a definition, and add it."""
        if len(self.types) >= _MOST_TYPES:
            raise reader.malformed(f"more than {_MOST_TYPES} types")
        self.types.append(self._definition(reader))

    def described(self, reader: WasmReader) -> tuple[int, Type]:
        """Read what an import or an export is: its sort, and its type."""
        kind = reader.byte()
        if kind == CORE:
            if reader.byte() != CORE_MODULE:
                raise reader.malformed("an import or export of a core item other than a module")
            reader.u32()
            return kind, OtherType("core module")
        if kind == TYPE:
            if reader.byte() == _EQUAL:
                return kind, self.at(reader, reader.u32())
            return kind, OtherType("resource")
        if kind in (FUNCTION, COMPONENT, INSTANCE):
            return kind, self.at(reader, reader.u32())
        raise reader.malformed(f"an import or export of the sort {kind}, which is not known")

    def value(self, reader: WasmReader) -> ValueType:
        """Read the type of a value."""
        index = reader.s33()
        if index < 0:
            primitive = PRIMITIVES.get(index & 0x7F)
            if primitive is None:
                raise reader.malformed(f"a value of the unknown type {index & 0x7F:#x}")
            return primitive
        found = self.at(reader, index)
        if not isinstance(found, ValueType):
            raise reader.malformed(f"a value of type {index}, which is a type of something else")
        return found

    def _definition(self, reader: WasmReader) -> Type:
        code = reader.byte()
        if code in PRIMITIVES:
            return PRIMITIVES[code]
        read = _DEFINITIONS.get(code)
        if read is None:
            raise reader.malformed(f"a type of the unknown form {code:#x}")
        return read(self, reader)

    # Values.

    def _record(self, reader: WasmReader) -> Type:
        return types.record([(reader.name(), self.value(reader)) for _ in range(reader.count())])

    def _variant(self, reader: WasmReader) -> Type:
        cases = []
        for _ in range(reader.count()):
            cases.append((reader.name(), self._optional(reader)))
            reader.byte()  # A refinement, which components no longer have.
        return types.variant(cases)

    def _list(self, reader: WasmReader) -> Type:
        return types.list_of(self.value(reader))

    def _fixed_list(self, reader: WasmReader) -> Type:
        return types.list_of(self.value(reader), reader.u32())

    def _tuple(self, reader: WasmReader) -> Type:
        return types.tuple_of([self.value(reader) for _ in range(reader.count())])

    def _flags(self, reader: WasmReader) -> Type:
        return types.flags(_names(reader))

    def _enumeration(self, reader: WasmReader) -> Type:
        return types.enumeration(_names(reader))

    def _option(self, reader: WasmReader) -> Type:
        return types.option(self.value(reader))

    def _result(self, reader: WasmReader) -> Type:
        return types.result(self._optional(reader), self._optional(reader))

    def _handle(self, reader: WasmReader, kind: str) -> Type:
        self.at(reader, reader.u32())
        return types.handle(kind, "resource")

    def _end_of(self, reader: WasmReader, kind: str) -> Type:
        item = self._optional(reader)
        return types.handle(kind, "" if item is None else item.text)

    def _optional(self, reader: WasmReader) -> ValueType | None:
        return self.value(reader) if reader.byte() else None

    # Other types.

    def _function(self, reader: WasmReader) -> Type:
        params = []
        for _ in range(reader.count()):
            reader.name()
            params.append(self.value(reader))
        if not reader.byte():
            return FunctionType(tuple(params), self.value(reader))
        reader.byte()
        return FunctionType(tuple(params), None)

    def _resource(self, reader: WasmReader) -> Type:
        reader.byte()
        self._optional_index(reader)
        return OtherType("resource")

    def _optional_index(self, reader: WasmReader) -> None:
        if reader.byte():
            reader.u32()

    def _declarations(self, reader: WasmReader) -> Type:
        """Read the declarations of an instance's or a component's type; return those that are exports."""
        if self._depth >= _DEEPEST:
            raise reader.malformed(f"types inside {_DEEPEST} others")
        inner = TypeScope(self)
        exports: dict[str, Type] = {}
        for _ in range(reader.count()):
            declaration = reader.byte()
            if declaration == _DECLARED_TYPE:
                inner.define(reader)
            elif declaration == _DECLARED_ALIAS:
                inner.types.append(inner._alias(reader))
            elif declaration in (_DECLARED_IMPORT, _DECLARED_EXPORT):
                name = external_name(reader)
                sort, type = inner.described(reader)
                if sort == TYPE:
                    inner.types.append(type)
                if declaration == _DECLARED_EXPORT:
                    exports[name] = type
            else:
                raise reader.malformed(f"a declaration of the unknown form {declaration:#x}")
        return InstanceType(exports)

    def _alias(self, reader: WasmReader) -> Type:
        if reader.byte() != TYPE or reader.byte() != _OUTER:
            raise reader.malformed("an alias in a type that is not of a type further out")
        return self.outer(reader, reader.u32(), reader.u32())

    def _component(self, reader: WasmReader) -> Type:
        self._declarations(reader)
        return OtherType("component")


_OUTER: Final = 2
_DECLARED_TYPE, _DECLARED_ALIAS, _DECLARED_IMPORT, _DECLARED_EXPORT = 1, 2, 3, 4
_DEFINITIONS: Final[dict[int, Callable[[TypeScope, WasmReader], Type]]] = {
    0x72: TypeScope._record,
    0x71: TypeScope._variant,
    0x70: TypeScope._list,
    0x67: TypeScope._fixed_list,
    0x6F: TypeScope._tuple,
    0x6E: TypeScope._flags,
    0x6D: TypeScope._enumeration,
    0x6B: TypeScope._option,
    0x6A: TypeScope._result,
    0x69: partial(TypeScope._handle, kind="own"),
    0x68: partial(TypeScope._handle, kind="borrow"),
    0x66: partial(TypeScope._end_of, kind="stream"),
    0x65: partial(TypeScope._end_of, kind="future"),
    0x40: TypeScope._function,
    0x43: TypeScope._function,
    0x3F: TypeScope._resource,
    0x41: TypeScope._component,
    0x42: TypeScope._declarations,
}


def external_name(reader: WasmReader) -> str:
    """Read the name of an import or an export."""
    if (form := reader.byte()) > 1:
        raise reader.malformed(f"a name of the unknown form {form}")
    return reader.name()


def _names(reader: WasmReader) -> list[str]:
    return [reader.name() for _ in range(reader.count())]
