"""Structures and enumerations to values and back.

Both directions stop short of the outer value, at its fields or its variant, because an array of records
holds just those.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple, cast
from uuid import UUID

from .. import values as v
from ..documents.places import suggestion
from ..types import EnumerationType, StructureType, TypeMismatch, TypeRef
from ..values.numeric import described
from .converter import Converter, at, text_keyed
from .generated_classes import Variant, attributes_of, enumeration_class, structure_class

ConverterOf = Callable[[TypeRef], Converter]


class _Part(NamedTuple):
    """A field or a variant, ready to convert."""

    id: UUID
    name: str
    attribute: str
    converter: Converter


def _parts(record: StructureType | EnumerationType, converter_of: ConverterOf) -> list[_Part]:
    return [
        _Part(member.id, member.name, attribute, converter_of(member.type))
        for member, attribute in zip(record.members, attributes_of(record), strict=True)
    ]


class StructureConverter:
    """A structure's dataclass, a mapping by field name, or a ``Structure`` value <-> fields."""

    def __init__(self, record: StructureType, converter_of: ConverterOf) -> None:
        self._record = record
        self._class = structure_class(record)
        self._parts = _parts(record, converter_of)
        self._ids = [part.id for part in self._parts]

    def to_fields(self, given: object) -> Sequence[tuple[UUID, v.Value]]:
        """The fields, in the record's order."""
        if isinstance(given, v.Structure):
            return self._checked(given)
        if isinstance(given, self._class):
            found = [getattr(given, part.attribute) for part in self._parts]
        else:
            found = self._from_mapping(text_keyed(given, f"a {self._record.path} or a mapping of its fields"))
        return [
            (part.id, at(part.name, part.converter.to_value, each))
            for part, each in zip(self._parts, found, strict=True)
        ]

    def to_python(self, fields: Sequence[v.Field]) -> Any:
        """The dataclass of these fields, which may stand in any order but must be all of them, each once."""
        if [field.id for field in fields] != self._ids:
            fields = self._in_order(fields)
        return self._class(
            *[
                at(part.name, part.converter.to_python, field.value)
                for part, field in zip(self._parts, fields, strict=True)
            ]
        )

    def _checked(self, given: v.Structure) -> Sequence[tuple[UUID, v.Value]]:
        if given.id != self._record.id:
            raise TypeMismatch(f"expected {self._record.path}, got a structure of type {given.id}", "")
        self.to_python(given.fields)
        return given.fields

    def _from_mapping(self, given: Mapping[str, Any]) -> list[Any]:
        known = {part.name: part.id for part in self._parts} | {part.attribute: part.id for part in self._parts}
        for key in given:
            if key not in known:
                raise TypeMismatch(f"{self._record.path} has no field {key!r}{suggestion(key, known)}", "")
        found = {known[key]: part for key, part in given.items()}
        missing = [part.name for part in self._parts if part.id not in found]
        if missing:
            raise TypeMismatch(f"{self._record.path} lacks {', '.join(missing)}", "")
        return [found[id] for id in self._ids]

    def _in_order(self, fields: Sequence[v.Field]) -> Sequence[v.Field]:
        by_id = {field.id: field for field in fields}
        if len(by_id) != len(fields) or by_id.keys() != set(self._ids):
            names = {part.id: part.name for part in self._parts}
            given = ", ".join(names.get(field.id, str(field.id)) for field in fields) or "none"
            raise TypeMismatch(f"expected {self._record.path} ({', '.join(names.values())}), got fields {given}", "")
        return [by_id[id] for id in self._ids]


class EnumerationConverter:
    """An enumeration's member or variant object, a variant's name, ``{name: carried}``, or an ``Enumeration``
    value <-> a variant id and what it carries."""

    def __init__(self, record: EnumerationType, converter_of: ConverterOf) -> None:
        self._record = record
        self._class = enumeration_class(record)
        self._parts = _parts(record, converter_of)
        self._by_id = {part.id: part for part in self._parts}
        self._by_name = {part.attribute: part for part in self._parts} | {part.name: part for part in self._parts}

    def to_variant(self, given: object) -> tuple[UUID, v.Value]:
        """The variant's id and what it carries, Unit for nothing."""
        if isinstance(given, v.Enumeration):
            return self._checked(given)
        if isinstance(given, self._class):
            part, carried = self._of_member(given)
        elif isinstance(given, str):
            part, carried = self._named(given), None
        else:
            part, carried = self._from_mapping(given)
        return part.id, at(part.name, part.converter.to_value, carried)

    def to_python(self, variant_id: UUID, value: v.Value) -> Any:
        """The member, or the variant object with what it carries."""
        part = self._by_id.get(variant_id)
        if part is None:
            raise TypeMismatch(f"{self._record.path} has no variant {variant_id}", "")
        carried = at(part.name, part.converter.to_python, value)
        member = getattr(self._class, part.attribute)
        return member(carried) if isinstance(member, type) else member

    def _checked(self, given: v.Enumeration) -> tuple[UUID, v.Value]:
        if given.id != self._record.id:
            raise TypeMismatch(f"expected {self._record.path}, got an enumeration of type {given.id}", "")
        self.to_python(given.variant_id, given.value)
        return given.variant_id, given.value

    def _of_member(self, given: Enum | Variant) -> tuple[_Part, object]:
        if isinstance(given, Enum):
            return self._by_id[cast(UUID, given.value)], None
        return self._by_id[given.variant_id], given.value

    def _named(self, name: str) -> _Part:
        if name not in self._by_name:
            raise TypeMismatch(f"{self._record.path} has no variant {name!r}{suggestion(name, self._by_name)}", "")
        return self._by_name[name]

    def _from_mapping(self, given: object) -> tuple[_Part, object]:
        expected = f"a {self._record.path}: a variant's name, or {{name: what it carries}}"
        if isinstance(given, type) or not hasattr(given, "keys"):
            raise TypeMismatch(f"expected {expected}, got {described(given)}", "")
        entries = text_keyed(given, expected)
        if len(entries) != 1:
            raise TypeMismatch(f"expected {expected}, got {described(given)}", "")
        ((name, carried),) = entries.items()
        return self._named(name), carried
