"""The forms of types: ids, which documents may name, and the five kinds of reference (ABI §7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from ..documents.places import Place, is_uuid, suggestion
from ..types.references import (
    STR,
    TYPE_IDS,
    ArrayRef,
    FixedArrayRef,
    MapRef,
    OptionRef,
    ScalarRef,
    TypeRef,
)
from ..types.registry import TypeRegistry
from .forms import ID, NATURAL, Definitions, Form, Schema, defined
from .objects import Key, Object


class _TypeId(Form[UUID]):
    def read(self, place: Place, types: TypeRegistry) -> UUID:
        name = place.data
        if isinstance(name, UUID) or (isinstance(name, str) and is_uuid(name)):
            return place.uuid()
        if not isinstance(name, str):
            place.expected("a type's UUID or name")
        if name in TYPE_IDS:
            return TYPE_IDS[name]
        record = types.find(name)
        if record is None:
            place.refuse(f"unknown type {name!r}{suggestion(name, [*TYPE_IDS, *types.paths()])}")
        return record.id

    def write(self, value: UUID) -> object:
        return str(value)

    def schema(self, definitions: Definitions) -> Schema:
        return defined("typeId", self._definition, definitions)

    def _definition(self, definitions: Definitions) -> Schema:
        return {
            "description": "A type: the name of a primitive, the dotted path of a record, or a UUID.",
            "anyOf": [
                {"enum": list(TYPE_IDS)},
                ID.schema(definitions),
                {"type": "string", "pattern": r"^[^.]+(\.[^.]+)*$"},
            ],
        }


class _KeyTypeId(_TypeId):
    """The type of a map's keys, which is ``str`` by any of its names."""

    def read(self, place: Place, types: TypeRegistry) -> UUID:
        id = super().read(place, types)
        if id != STR:
            place.expected("str, the only type of key")
        return id

    def schema(self, definitions: Definitions) -> Schema:
        return {"enum": [*(name for name, id in TYPE_IDS.items() if id == STR), str(STR), str(STR).upper()]}


TYPE_ID: Final = _TypeId()


def _reference(kind: str, description: str, cls: type[object], keys: Mapping[str, Key]) -> Object[Any]:
    return Object(description, cls, keys, constants={"kind": kind})


_ITEMS: Final = Key("The type of the items.", TYPE_ID)
_VALUE: Final = Key("The type of the value.", TYPE_ID)
_KINDS: Final = {
    "scalar": _reference("scalar", "One value of the type.", ScalarRef, {"id": _VALUE}),
    "array": _reference("array", "A sequence of values of the type, of any length.", ArrayRef, {"id": _ITEMS}),
    "fixedarray": _reference(
        "fixedarray",
        "A sequence of exactly `len` values of the type.",
        FixedArrayRef,
        {"id": _ITEMS, "length": Key("The number of items.", NATURAL, name="len")},
    ),
    "map": _reference(
        "map",
        "A map from text.",
        MapRef,
        {
            "key_id": Key("The type of the keys, which is `str`.", _KeyTypeId()),
            "value_id": Key("The type of the values.", TYPE_ID),
        },
    ),
    "option": _reference("option", "A value of the type, or nothing.", OptionRef, {"id": _VALUE}),
}
_BY_CLASS: Final = {form.cls: form for form in _KINDS.values()}


class _TypeReference(Form[TypeRef]):
    def read(self, place: Place, types: TypeRegistry) -> TypeRef:
        if isinstance(place.data, str):
            place.expected(f"a type reference such as {{kind: scalar, id: {place.data}}}")
        kind = place.required("kind")
        form = _KINDS.get(kind.name())
        if form is None:
            kind.refuse(f"unknown kind {kind.data!r}{suggestion(kind.data, _KINDS)}")
        reference: TypeRef = form.read(place, types)
        return reference

    def write(self, value: TypeRef) -> object:
        return _BY_CLASS[type(value)].write(value)

    def schema(self, definitions: Definitions) -> Schema:
        return defined("typeReference", self._definition, definitions)

    def _definition(self, definitions: Definitions) -> Schema:
        # The part that all kinds share is outside of ``oneOf``, for better completion and messages in editors.
        kind = {
            "description": " ".join(f"{kind}: {form.description}" for kind, form in _KINDS.items()),
            "enum": list(_KINDS),
        }
        return {
            "description": "A reference to a type.",
            "type": "object",
            "required": ["kind"],
            "properties": {"kind": kind},
            "oneOf": [form.definition(definitions) for form in _KINDS.values()],
        }


TYPE: Final = _TypeReference()
