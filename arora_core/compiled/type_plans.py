"""Shapes: the wire and Python form of the types that compiled code covers, with their records looked up."""

from __future__ import annotations

from enum import Enum
from typing import Any, Final, NamedTuple, Union
from uuid import UUID

from .. import values as v
from ..binding.generated_classes import attributes_of, enumeration_class, structure_class
from ..types import (
    ARRAY_CLASSES,
    SCALAR_CLASSES,
    ArrayRef,
    EnumerationType,
    FixedArrayRef,
    OptionRef,
    ScalarRef,
    StructureType,
    TypeRef,
    TypeRegistry,
)
from ..values import Kind, Tag, kinds

_DEEPEST: Final = 8
"""Deepest nesting of types that is compiled. A recursive type exceeds it, and so is left to the generic codec."""

_MOST: Final = 500
"""Most types, nested ones included, that one function may have: each adds lines of source."""


class Uncovered(Exception):
    """A type that compiled code does not handle."""


class Plain(NamedTuple):
    """Unit, a boolean, a string or a uuid."""

    kind: Kind


class Number(NamedTuple):
    """A number."""

    kind: Kind


class Record(NamedTuple):
    """A structure: its dataclass, and for each field its id, its attribute and its shape."""

    id: UUID
    cls: type[Any]
    fields: tuple[tuple[UUID, str, Shape], ...]


class Members(NamedTuple):
    """An enumeration without payloads: an ``enum.Enum`` in Python."""

    id: UUID
    cls: type[Enum]


class Variant(NamedTuple):
    """One variant: its id, its Python object or the class of its objects, and the shape of its payload."""

    id: UUID
    made: Any
    payload: Shape


class Variants(NamedTuple):
    """An enumeration with a payload in at least one variant."""

    id: UUID
    variants: tuple[Variant, ...]


class Optional(NamedTuple):
    """A value or None."""

    value: Shape


class Map(NamedTuple):
    """A dict with str keys."""

    value: Shape


class Packed(NamedTuple):
    """An array of packed numbers or booleans. ``length`` is None where it varies."""

    kind: Kind
    length: int | None


class Items(NamedTuple):
    """An array whose elements are written one by one. ``tag`` is their common tag, Tag.VALUE where each has its own."""

    tag: Tag
    element: Shape
    length: int | None


Shape = Union[Plain, Number, Record, Members, Variants, Optional, Map, Packed, Items]


class Shapes:
    """The shapes of one function's types."""

    def __init__(self, registry: TypeRegistry) -> None:
        self._registry = registry
        self._left = _MOST

    def of(self, ref: TypeRef, depth: int = 0) -> Shape:
        """Return the shape of a type. Raises Uncovered for a type that is not compiled."""
        self._left -= 1
        if depth > _DEEPEST or self._left < 0:
            raise Uncovered
        if isinstance(ref, ScalarRef):
            return self._scalar(ref.id, depth)
        if isinstance(ref, ArrayRef):
            return self._array(ref.id, None, depth)
        if isinstance(ref, FixedArrayRef):
            return self._array(ref.id, ref.length, depth)
        if isinstance(ref, OptionRef):
            return Optional(self.of(ScalarRef(ref.id), depth + 1))
        return Map(self.of(ScalarRef(ref.value_id), depth + 1))

    def _scalar(self, id: UUID, depth: int) -> Shape:
        cls = SCALAR_CLASSES.get(id)
        if cls is None:
            return self._record(id, depth)
        if issubclass(cls, (v.NumberArray, v.ArrayBoolean, v.ArrayString)):
            return _well_known_array(cls, None)
        if issubclass(cls, (v.Integer, v.Float)):
            return Number(cls.kind)
        if cls is v.Option:
            raise Uncovered  # The bare type option does not say of which type.
        return Plain(cls.kind)

    def _record(self, id: UUID, depth: int) -> Record | Members | Variants:
        record = self._registry.get(id)
        if isinstance(record, StructureType):
            fields = zip(record.fields, attributes_of(record).python, strict=True)
            return Record(
                id,
                structure_class(record),
                tuple((field.id, attribute, self.of(field.type, depth + 1)) for field, attribute in fields),
            )
        if isinstance(record, EnumerationType):
            cls = enumeration_class(record)
            if issubclass(cls, Enum):
                return Members(id, cls)
            variants = zip(record.variants, attributes_of(record).python, strict=True)
            return Variants(
                id,
                tuple(
                    Variant(variant.id, getattr(cls, attribute), self.of(variant.type, depth + 1))
                    for variant, attribute in variants
                ),
            )
        raise Uncovered

    def _array(self, id: UUID, length: int | None, depth: int) -> Shape:
        cls = ARRAY_CLASSES.get(id)
        if cls is not None and cls is not v.ArrayValue:
            return _well_known_array(cls, length)
        element = self.of(ScalarRef(id), depth + 1)
        if isinstance(element, Record):
            return Items(Tag.STRUCTURE, element, length)
        if isinstance(element, (Members, Variants)):
            return Items(Tag.ENUMERATION, element, length)
        return Items(Tag.VALUE, element, length)


def _well_known_array(cls: type[v.Value], length: int | None) -> Packed | Items:
    if cls is v.ArrayString:
        return Items(Tag.STRING, Plain(kinds.STRING), length)
    return Packed(cls.kind, length)
