"""Conversion of structures and enumerations to values and back.

Both directions deal in the fields or the variant, without the outer value, because arrays of records hold only those.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple, cast
from uuid import UUID

from .. import values as v
from ..documents.places import suggestion
from ..types import EnumerationType, StructureType, TypeMismatch, TypeRef
from ..values.sequences import described
from .converter import Converter, convert_at, text_keyed
from .generated_classes import Variant, attributes_of, enumeration_class, structure_class

ConverterOf = Callable[[TypeRef], Converter]


class _Part(NamedTuple):
    """A field or a variant, with its converter."""

    id: UUID
    name: str
    attribute: str
    converter: Converter


def _parts(
    record: StructureType | EnumerationType, converter_of: ConverterOf
) -> tuple[list[_Part], Mapping[str, _Part]]:
    """Return the parts in order, and by each name that a mapping may give them."""
    attributes = attributes_of(record)
    parts = [
        _Part(member.id, member.name, attribute, converter_of(member.type))
        for member, attribute in zip(record.members, attributes.python, strict=True)
    ]
    return parts, {name: parts[index] for name, index in attributes.index_of.items()}


class StructureConverter:
    """Converts the Python forms of a structure to fields, and fields back.

    The forms are its dataclass, a mapping by field name and a ``Structure`` value.
    """

    def __init__(self, record: StructureType, converter_of: ConverterOf) -> None:
        self._record = record
        self._class = structure_class(record)
        self._parts, self._by_name = _parts(record, converter_of)
        self._ids = [part.id for part in self._parts]

    def to_fields(self, obj: object) -> Sequence[tuple[UUID, v.Value]]:
        """Return the fields, in the record's order; those of a ``Structure`` value in its own."""
        if isinstance(obj, v.Structure):
            return self._checked(obj)
        if isinstance(obj, self._class):
            found = [getattr(obj, part.attribute) for part in self._parts]
        else:
            found = self._from_mapping(text_keyed(obj, f"a {self._record.path} or a mapping of its fields"))
        return [
            (part.id, convert_at(part.name, part.converter.to_value, each))
            for part, each in zip(self._parts, found, strict=True)
        ]

    def to_python(self, fields: Sequence[v.Field]) -> Any:
        """Return the dataclass of these fields, which must be complete, in any order, each once."""
        if [field.id for field in fields] != self._ids:
            fields = self._in_order(fields)
        return self._class(
            *[
                convert_at(part.name, part.converter.to_python, field.value)
                for part, field in zip(self._parts, fields, strict=True)
            ]
        )

    def _checked(self, obj: v.Structure) -> Sequence[tuple[UUID, v.Value]]:
        if obj.id != self._record.id:
            raise TypeMismatch(f"expected {self._record.path}, got a structure of type {obj.id}", "")
        self.to_python(obj.fields)
        return obj.fields

    def _from_mapping(self, obj: Mapping[str, Any]) -> list[Any]:
        found: dict[UUID, Any] = {}
        for key, given in obj.items():
            part = self._by_name.get(key)
            if part is None:
                raise TypeMismatch(f"{self._record.path} has no field {key!r}{suggestion(key, self._by_name)}", "")
            if part.id in found:
                raise TypeMismatch(f"{self._record.path} is given its field {part.name} twice", "")
            found[part.id] = given
        missing = [part.name for part in self._parts if part.id not in found]
        if missing:
            raise TypeMismatch(f"{self._record.path} lacks {', '.join(missing)}", "")
        return [found[id] for id in self._ids]

    def _in_order(self, fields: Sequence[v.Field]) -> Sequence[v.Field]:
        by_id = {field.id: field for field in fields}
        if len(by_id) != len(fields) or by_id.keys() != set(self._ids):
            names = {part.id: part.name for part in self._parts}
            found = ", ".join(names.get(field.id, str(field.id)) for field in fields) or "none"
            raise TypeMismatch(f"expected {self._record.path} ({', '.join(names.values())}), got fields {found}", "")
        return [by_id[id] for id in self._ids]


class EnumerationConverter:
    """Converts the Python forms of an enumeration to a variant id and a payload, and these back.

    The forms are a member of its class, a variant's name, ``{name: payload}`` and an ``Enumeration`` value.
    """

    def __init__(self, record: EnumerationType, converter_of: ConverterOf) -> None:
        self._record = record
        self._class = enumeration_class(record)
        parts, self._by_name = _parts(record, converter_of)
        self._by_id = {part.id: part for part in parts}

    def to_variant(self, obj: object) -> tuple[UUID, v.Value]:
        """Return the variant's id and its payload, Unit if it has none."""
        if isinstance(obj, v.Enumeration):
            return self._checked(obj)
        if isinstance(obj, self._class):
            part, payload = self._of_member(obj)
        elif isinstance(obj, str):
            part, payload = self._named(obj), None
        else:
            part, payload = self._from_mapping(obj)
        return part.id, convert_at(part.name, part.converter.to_value, payload)

    def to_python(self, variant_id: UUID, value: v.Value) -> Any:
        """Return the member of the class, with its payload if it has one."""
        part = self._by_id.get(variant_id)
        if part is None:
            raise TypeMismatch(f"{self._record.path} has no variant {variant_id}", "")
        payload = convert_at(part.name, part.converter.to_python, value)
        member = getattr(self._class, part.attribute)
        return member(payload) if isinstance(member, type) else member

    def _checked(self, obj: v.Enumeration) -> tuple[UUID, v.Value]:
        if obj.id != self._record.id:
            raise TypeMismatch(f"expected {self._record.path}, got an enumeration of type {obj.id}", "")
        self.to_python(obj.variant_id, obj.value)
        return obj.variant_id, obj.value

    def _of_member(self, obj: Enum | Variant) -> tuple[_Part, object]:
        if isinstance(obj, Enum):
            return self._by_id[cast(UUID, obj.value)], None
        return self._by_id[obj.variant_id], obj.value

    def _named(self, name: str) -> _Part:
        if name not in self._by_name:
            raise TypeMismatch(f"{self._record.path} has no variant {name!r}{suggestion(name, self._by_name)}", "")
        return self._by_name[name]

    def _from_mapping(self, obj: object) -> tuple[_Part, object]:
        expected = f"{self._record.path} (a variant's name, or {{name: payload}})"
        if isinstance(obj, type) or not hasattr(obj, "keys"):
            raise TypeMismatch(f"expected {expected}, got {described(obj)}", "")
        entries = text_keyed(obj, expected)
        if len(entries) != 1:
            raise TypeMismatch(f"expected {expected}, got {described(obj)}", "")
        ((name, payload),) = entries.items()
        return self._named(name), payload
