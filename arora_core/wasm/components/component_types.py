"""Types of the component model: as text for readers and comparisons, and as the core types that they are passed as.

Reference: https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md (flattening)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice, zip_longest
from typing import Final, Union

from ..guest_symbols import WasmFunctionType

MOST_PARAMETERS: Final = 16
"""Core parameters beyond which all are passed in memory."""
_MOST_CORE: Final = MOST_PARAMETERS + 1
_LONGEST_TEXT: Final = 500
"""Types refer to types, so a small component can describe very long ones."""


@dataclass(frozen=True)
class ValueType:
    """The type of a value. ``core`` has no more core types than are needed to see that there are too many."""

    text: str
    core: tuple[str, ...]


@dataclass(frozen=True)
class FunctionType:
    """The type of a function; ``text`` leaves out the names of its parameters."""

    params: tuple[ValueType, ...]
    result: ValueType | None

    @property
    def text(self) -> str:
        result = "" if self.result is None else f" -> {self.result.text}"
        return _short(f"func({', '.join(each.text for each in self.params)}){result}")

    @property
    def returns_in_memory(self) -> bool:
        """Whether the result is too large for a core result, so that an address takes its place."""
        return self.result is not None and len(self.result.core) > 1

    @property
    def lowered(self) -> WasmFunctionType:
        """The core type of an import: the address of a large result is its last parameter."""
        results = () if self.result is None or self.returns_in_memory else self.result.core
        return WasmFunctionType((*self._params, *(["i32"] if self.returns_in_memory else ())), results)

    @property
    def lifted(self) -> WasmFunctionType:
        """The core type of an export: the address of a large result is its result."""
        results = () if self.result is None else ("i32",) if self.returns_in_memory else self.result.core
        return WasmFunctionType(self._params, results)

    @property
    def _params(self) -> tuple[str, ...]:
        params = _together(self.params)
        return params if len(params) <= MOST_PARAMETERS else ("i32",)


@dataclass(frozen=True)
class InstanceType:
    """The type of an instance: what it exports, by name."""

    exports: Mapping[str, Type] = field(default_factory=dict)


@dataclass(frozen=True)
class OtherType:
    """A type that no value has: of a resource, or of a component."""

    text: str


Type = Union[ValueType, FunctionType, InstanceType, OtherType]

PRIMITIVES: Final[Mapping[int, ValueType]] = {
    code: ValueType(text, (core,))
    for code, text, core in (
        (0x7F, "bool", "i32"),
        (0x7E, "s8", "i32"),
        (0x7D, "u8", "i32"),
        (0x7C, "s16", "i32"),
        (0x7B, "u16", "i32"),
        (0x7A, "s32", "i32"),
        (0x79, "u32", "i32"),
        (0x78, "s64", "i64"),
        (0x77, "u64", "i64"),
        (0x76, "f32", "f32"),
        (0x75, "f64", "f64"),
        (0x74, "char", "i32"),
        (0x64, "error-context", "i32"),
    )
} | {0x73: ValueType("string", ("i32", "i32"))}
"""The primitive types, by their code in the binary format."""


def record(fields: Sequence[tuple[str, ValueType]]) -> ValueType:
    """Return a record of these fields."""
    return ValueType(_braced("record", fields), _together(type for _, type in fields))


def tuple_of(types: Sequence[ValueType]) -> ValueType:
    """Return a tuple of these types."""
    return ValueType(_applied("tuple", types), _together(types))


def list_of(item: ValueType, length: int | None = None) -> ValueType:
    """Return a list, which has a fixed length unless that is None."""
    if length is None:
        return ValueType(_applied("list", [item]), ("i32", "i32"))
    return ValueType(_short(f"list<{item.text}, {length}>"), (item.core * min(length, _MOST_CORE))[:_MOST_CORE])


def variant(cases: Sequence[tuple[str, ValueType | None]]) -> ValueType:
    """Return a variant of these cases."""
    return ValueType(_braced("variant", cases), _one_of(type for _, type in cases))


def option(type: ValueType) -> ValueType:
    """Return an option of this type."""
    return ValueType(_applied("option", [type]), _one_of([type]))


def result(ok: ValueType | None, error: ValueType | None) -> ValueType:
    """Return a result of these types."""
    return ValueType(_short(f"result<{ok.text if ok else '_'}, {error.text if error else '_'}>"), _one_of([ok, error]))


def enumeration(names: Sequence[str]) -> ValueType:
    """Return an enumeration of these names."""
    return ValueType(_short(f"enum {{{', '.join(names)}}}"), ("i32",))


def flags(names: Sequence[str]) -> ValueType:
    """Return flags of these names."""
    words = -(-len(names) // 32)
    return ValueType(_short(f"flags {{{', '.join(names)}}}"), ("i32",) * min(words, _MOST_CORE))


def handle(kind: str, of: str) -> ValueType:
    """Return an ``own`` or a ``borrow`` of a resource, or an end of a ``stream`` or ``future``."""
    return ValueType(_short(f"{kind}<{of}>"), ("i32",))


def _together(types: Iterable[ValueType]) -> tuple[str, ...]:
    return tuple(islice(chain.from_iterable(each.core for each in types), _MOST_CORE))


def _one_of(cases: Iterable[ValueType | None]) -> tuple[str, ...]:
    """Return the core types of a case's number, and of what holds the payload of any case."""
    payloads = [case.core for case in cases if case is not None]
    joined = (_join({core for core in column if core is not None}) for column in zip_longest(*payloads))
    return tuple(islice(chain(["i32"], joined), _MOST_CORE))


def _join(types: set[str]) -> str:
    if len(types) == 1:
        return types.pop()
    return "i32" if types == {"i32", "f32"} else "i64"


def _braced(word: str, parts: Sequence[tuple[str, ValueType | None]]) -> str:
    return _short(f"{word} {{{', '.join(name if type is None else f'{name}: {type.text}' for name, type in parts)}}}")


def _applied(word: str, types: Sequence[ValueType]) -> str:
    return _short(f"{word}<{', '.join(each.text for each in types)}>")


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + "..."
