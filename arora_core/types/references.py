"""References to types: the well-known type ids (ABI §2) and the five kinds of reference (ABI §7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Union
from uuid import UUID

from .. import values as v
from ..values import kinds
from ..values.kinds import KINDS

_ARRAY_IDS: Final = {kind.id: kind.array_id for kind in KINDS if kind.id is not None and kind.array_id is not None}
_ARRAY_NAMES: Final = {kind.array_id: kind.array_name for kind in KINDS if kind.array_id is not None}

ARRAY_IDS: Final[Mapping[UUID, UUID]] = MappingProxyType(_ARRAY_IDS)
"""The ids of array types (0e to 19), by the id of their element type."""

ELEMENT_IDS: Final[Mapping[UUID, UUID]] = MappingProxyType({array: element for element, array in _ARRAY_IDS.items()})
"""The ids of element types, by the id of their array type."""

TYPE_NAMES: Final[Mapping[UUID, str]] = MappingProxyType(
    {kind.id: kind.name for kind in KINDS if kind.id is not None} | _ARRAY_NAMES
)
"""The name of every well-known id: ``f64``, ``f64[]``, ``value``, ..."""

TYPE_IDS: Final[Mapping[str, UUID]] = MappingProxyType(
    {name: id for id, name in TYPE_NAMES.items()}
    | {kind.record_name: kind.id for kind in KINDS if kind.record_name is not None and kind.id is not None}
)
"""The well-known id of every name that headers may use."""

UNIT: Final = TYPE_IDS[kinds.UNIT.name]
STR: Final = TYPE_IDS[kinds.STRING.name]
OPTION: Final = TYPE_IDS[kinds.OPTION.name]
VALUE: Final = TYPE_IDS[kinds.VALUE.name]
KEY_VALUE: Final = TYPE_IDS[kinds.KEY_VALUE.name]

DYNAMIC: Final = frozenset({VALUE, KEY_VALUE})
"""The types that, as a scalar, any value is of."""

_SCALARS: Final[tuple[type[v.Value], ...]] = (v.Unit, *v.SCALARS, v.Option)

SCALAR_CLASSES: Final[Mapping[UUID, type[v.Value]]] = MappingProxyType(
    {cls.kind.id: cls for cls in _SCALARS if cls.kind.id is not None}
    | {cls.kind.array_id: cls for cls in v.ARRAYS if cls.kind.array_id is not None}
)
"""The class of the values of a well-known type as a scalar: array types 0e to 19 included, dynamic types not."""

ARRAY_CLASSES: Final[Mapping[UUID, type[v.Value]]] = MappingProxyType(
    {cls.kind.id: cls for cls in v.ARRAYS if cls.kind.id is not None}
)
"""The class of arrays by the id of their element type, for elements that the wire has a dedicated array for."""

NO_FIELD: Final = UUID(int=0)
"""The field id of map entries made from plain Python, which has no field ids."""


@dataclass(frozen=True, slots=True)
class ScalarRef:
    """One value of the type. The ids 0e to 19 are whole arrays; 1a and 1b are any value."""

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
    """A map from text; its values are KeyValues. ``key_id`` is the id of ``str``."""

    key_id: UUID
    value_id: UUID


@dataclass(frozen=True, slots=True)
class OptionRef:
    """A value of the type, or nothing."""

    id: UUID


TypeRef = Union[ScalarRef, ArrayRef, FixedArrayRef, MapRef, OptionRef]
