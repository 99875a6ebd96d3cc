"""Shapes: the types of a header as a generator meets them, with records looked up and arrays in their wire form.

A generator writes one piece of code for each kind of shape, and none for the many ways in which a header can name a
type: ``{kind: array, id: f64}``, ``{kind: scalar, id: "f64[]"}`` and ``arrayF64`` in a record are the same shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Union
from uuid import UUID

from ..documents.places import Place
from ..types import (
    ARRAY_CLASSES,
    DYNAMIC,
    SCALAR_CLASSES,
    ArrayRef,
    FixedArrayRef,
    MapRef,
    OptionRef,
    ScalarRef,
    StructureType,
    TypeRef,
    TypeRegistry,
)
from ..types.references import KEY_VALUE, OPTION
from ..types.registry import TypeRecord
from ..values import Kind, Tag, kinds


@dataclass(frozen=True, slots=True)
class Scalar:
    """Unit, a boolean, a number, a string or a uuid: ``kind`` says which."""

    kind: Kind


@dataclass(frozen=True, slots=True)
class Record:
    """A structure or an enumeration, by its record. Its members' shapes come from :meth:`Shapes.of` in their turn."""

    record: TypeRecord


@dataclass(frozen=True, slots=True)
class Optional:
    """A value, or nothing."""

    value: Shape


@dataclass(frozen=True, slots=True)
class Map:
    """Values by text, in ascending order of their keys."""

    value: Shape


@dataclass(frozen=True, slots=True)
class Array:
    """Items of one shape: ``length`` of them, or any number where it is None.

    ``tag`` is the element tag on the wire (ABI §1): that of a number, a boolean, a string, a structure or an
    enumeration, or ``Tag.VALUE`` where each item has a tag of its own.
    """

    item: Shape
    tag: Tag
    length: int | None


@dataclass(frozen=True, slots=True)
class Dynamic:
    """Any value at all. ``keyed`` says whether the type's name is ``keyvalue``: in Python, a mapping is one, too."""

    keyed: bool = False


Shape = Union[Scalar, Record, Optional, Map, Array, Dynamic]

UNIT: Final = Scalar(kinds.UNIT)
STRING: Final = Scalar(kinds.STRING)


class Shapes:
    """The shapes of the types of one registry."""

    def __init__(self, registry: TypeRegistry) -> None:
        self._registry = registry

    def of(self, ref: TypeRef, place: Place) -> Shape:
        """Return the shape of a type. Raises the place's error for a type that no record declares."""
        if isinstance(ref, ScalarRef):
            return self._scalar(ref.id, place)
        if isinstance(ref, OptionRef):
            return Optional(self._scalar(ref.id, place))
        if isinstance(ref, MapRef):
            return Map(self._scalar(ref.value_id, place))
        return self._array(ref, place)

    def _scalar(self, id: UUID, place: Place) -> Shape:
        if id in DYNAMIC:
            return Dynamic(id == KEY_VALUE)
        if id == OPTION:
            return Optional(Dynamic())
        cls = SCALAR_CLASSES.get(id)
        if cls is None:
            record = self._registry.get(id)
            if record is None:
                place.refuse(f"no record declares the type {id}")
            return Record(record)
        if cls.kind.array_id == id:
            return _array_of(cls.kind, None)
        return Scalar(cls.kind)

    def _array(self, ref: ArrayRef | FixedArrayRef, place: Place) -> Array:
        length = ref.length if isinstance(ref, FixedArrayRef) else None
        cls = ARRAY_CLASSES.get(ref.id)
        if cls is not None and ref.id not in DYNAMIC:
            return _array_of(cls.kind, length)
        item = self._scalar(ref.id, place)
        return Array(item, _item_tag(item), length)


def _array_of(kind: Kind, length: int | None) -> Array:
    return Array(Scalar(kind), kind.tag, length)


def _item_tag(item: Shape) -> Tag:
    if isinstance(item, Record):
        return Tag.STRUCTURE if isinstance(item.record, StructureType) else Tag.ENUMERATION
    return Tag.VALUE
