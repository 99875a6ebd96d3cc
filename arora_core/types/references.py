"""How a header refers to a type: the well-known type ids (ABI §2) and the five kinds of reference (ABI §7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Union
from uuid import UUID

from .. import values as v

UNIT: Final = UUID(int=0x00)
BOOL: Final = UUID(int=0x01)
I8: Final = UUID(int=0x02)
I16: Final = UUID(int=0x03)
I32: Final = UUID(int=0x04)
I64: Final = UUID(int=0x05)
U8: Final = UUID(int=0x06)
U16: Final = UUID(int=0x07)
U32: Final = UUID(int=0x08)
U64: Final = UUID(int=0x09)
F32: Final = UUID(int=0x0A)
F64: Final = UUID(int=0x0B)
STR: Final = UUID(int=0x0C)
OPTION: Final = UUID(int=0x0D)
VALUE: Final = UUID(int=0x1A)
KEY_VALUE: Final = UUID(int=0x1B)
UUID_TYPE: Final = UUID(int=0x1C)

DYNAMIC: Final = frozenset({VALUE, KEY_VALUE})
"""As a scalar, each of these takes any value at all."""

# Element ids in the order of the array ids 0e to 19, which differs from the order of the scalar ids.
_ARRAYS: Final = (
    (BOOL, v.ArrayBoolean),
    (U8, v.ArrayU8),
    (U16, v.ArrayU16),
    (U32, v.ArrayU32),
    (U64, v.ArrayU64),
    (I8, v.ArrayI8),
    (I16, v.ArrayI16),
    (I32, v.ArrayI32),
    (I64, v.ArrayI64),
    (F32, v.ArrayF32),
    (F64, v.ArrayF64),
    (STR, v.ArrayString),
)

_SCALARS: Final[dict[UUID, tuple[str, type[v.Value]]]] = {
    UNIT: ("unit", v.Unit),
    BOOL: ("bool", v.Boolean),
    I8: ("i8", v.I8),
    I16: ("i16", v.I16),
    I32: ("i32", v.I32),
    I64: ("i64", v.I64),
    U8: ("u8", v.U8),
    U16: ("u16", v.U16),
    U32: ("u32", v.U32),
    U64: ("u64", v.U64),
    F32: ("f32", v.F32),
    F64: ("f64", v.F64),
    STR: ("str", v.String),
    OPTION: ("option", v.Option),
    UUID_TYPE: ("uuid", v.Uuid),
}

ARRAY_IDS: Final[Mapping[UUID, UUID]] = MappingProxyType(
    {element: UUID(int=0x0E + index) for index, (element, _) in enumerate(_ARRAYS)}
)
"""The id of an array type (0e to 19), by the id of its element."""

SCALAR_CLASSES: Final[Mapping[UUID, type[v.Value]]] = MappingProxyType(
    {id: cls for id, (_, cls) in _SCALARS.items()} | {ARRAY_IDS[element]: cls for element, cls in _ARRAYS}
)
"""The class that carries a well-known type as a scalar, array types 0e to 19 included; not the dynamic ones."""

ARRAY_CLASSES: Final[Mapping[UUID, type[v.Value]]] = MappingProxyType({**dict(_ARRAYS), VALUE: v.ArrayValue})
"""The class that carries an array, by the element's id, where the wire has an array of its own for it."""

TYPE_NAMES: Final[Mapping[UUID, str]] = MappingProxyType(
    {id: name for id, (name, _) in _SCALARS.items()}
    | {ARRAY_IDS[element]: f"{_SCALARS[element][0]}[]" for element, _ in _ARRAYS}
    | {VALUE: "value", KEY_VALUE: "keyvalue"}
)
"""The name of every well-known id: ``f64``, ``f64[]``, ``value``, ..."""

TYPE_IDS: Final[Mapping[str, UUID]] = MappingProxyType(
    {name: id for id, name in TYPE_NAMES.items()} | {"boolean": BOOL, "string": STR}
)
"""The well-known id behind every name a header may use."""


@dataclass(frozen=True, slots=True)
class ScalarRef:
    """One value of the type. The ids 0e to 19 are whole arrays; 1a and 1b are any value at all."""

    id: UUID


@dataclass(frozen=True, slots=True)
class ArrayRef:
    """A sequence of values of the type, of any length."""

    id: UUID


@dataclass(frozen=True, slots=True)
class FixedArrayRef:
    """A sequence of exactly ``length`` values of the type."""

    id: UUID
    length: int


@dataclass(frozen=True, slots=True)
class MapRef:
    """A map from text, carried as a KeyValue. ``key_id`` is the id of ``str``."""

    key_id: UUID
    value_id: UUID


@dataclass(frozen=True, slots=True)
class OptionRef:
    """A value of the type, or nothing."""

    id: UUID


TypeRef = Union[ScalarRef, ArrayRef, FixedArrayRef, MapRef, OptionRef]
