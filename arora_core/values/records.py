"""Values that contain other values: options, structures, enumerations and maps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from . import kinds
from .base import IdLike, Value, checked, set_once, text, uuid
from .scalars import Unit


class Option(Value, kind=kinds.OPTION):
    """A value or nothing."""

    __slots__ = ("value",)
    value: Value | None

    def __init__(self, value: Value | None = None) -> None:
        set_once(self, "value", None if value is None else checked(value))

    def _key(self) -> object:
        return self.value

    def _arguments(self) -> tuple[object, ...]:
        return (self.value,)


class Field(NamedTuple):
    """One field of a structure."""

    id: UUID
    value: Value


class Structure(Value, kind=kinds.STRUCTURE):
    """A structure. ``id`` is its type's id; ``fields`` keep the order in which they are encoded."""

    __slots__ = ("id", "fields")
    id: UUID
    fields: tuple[Field, ...]

    def __init__(self, id: IdLike, fields: Iterable[tuple[IdLike, Value]] = ()) -> None:
        set_once(self, "id", uuid(id))
        set_once(self, "fields", fields_of(fields))

    def _key(self) -> object:
        return self.id, self.fields

    def _arguments(self) -> tuple[object, ...]:
        return self.id, self.fields


def structure_of(id: UUID, fields: tuple[Field, ...]) -> Structure:
    """Return the structure of these parts. For decoders: the parts are not checked."""
    value = object.__new__(Structure)
    set_once(value, "id", id)
    set_once(value, "fields", fields)
    return value


class Enumeration(Value, kind=kinds.ENUMERATION):
    """One variant of an enumeration and its payload, Unit if it has none."""

    __slots__ = ("id", "variant_id", "value")
    id: UUID
    variant_id: UUID
    value: Value

    def __init__(self, id: IdLike, variant_id: IdLike, value: Value = Unit()) -> None:  # noqa: B008 - immutable
        set_once(self, "id", uuid(id))
        set_once(self, "variant_id", uuid(variant_id))
        set_once(self, "value", checked(value))

    def _key(self) -> object:
        return self.id, self.variant_id, self.value

    def _arguments(self) -> tuple[object, ...]:
        return self.id, self.variant_id, self.value


class KeyValueField(NamedTuple):
    """The entry of a key: a field id and a value, None for a key that is present without a value."""

    id: UUID
    value: Value | None = None


class KeyValue(Value, kind=kinds.KEY_VALUE):
    """A map from text keys. ``fields`` is read-only and sorted by key, as on the wire."""

    __slots__ = ("id", "fields")
    id: UUID
    fields: Mapping[str, KeyValueField]

    def __init__(self, id: IdLike, fields: Mapping[str, tuple[IdLike, Value | None]] | None = None) -> None:
        entries = {text(key): _key_value_field(field) for key, field in (fields or {}).items()}
        set_once(self, "id", uuid(id))
        set_once(self, "fields", MappingProxyType(dict(sorted(entries.items()))))

    def _key(self) -> object:
        return self.id, tuple(self.fields.items())

    def _arguments(self) -> tuple[object, ...]:
        return self.id, dict(self.fields)


def fields_of(fields: Iterable[tuple[IdLike, Value]]) -> tuple[Field, ...]:
    """Return pairs of an id and a value as fields. Raises TypeError and ValueError as constructors of values do."""
    return tuple(Field(uuid(id), checked(value)) for id, value in fields)


def _key_value_field(field: tuple[IdLike, Value | None]) -> KeyValueField:
    id, value = field
    # The wire encodes "no value" as Unit, so the two are the same.
    present = value is not None and type(value) is not Unit
    return KeyValueField(uuid(id), checked(value) if present else None)
