"""The form of values: data with a tag, such as ``{f64: 0.5}`` (ABI §9)."""

from __future__ import annotations

from typing import Final

from .. import values as v
from ..documents.places import Place
from ..types.registry import TypeRegistry
from ..values.kinds import NUMBERS, Kind
from .forms import ID, Definitions, Form, Schema, defined


class _Value(Form[v.Value]):
    def read(self, place: Place, types: TypeRegistry) -> v.Value:
        from ..values.text_form import read_value  # Imported late: few headers hold values.

        return read_value(place)

    def write(self, value: v.Value) -> object:
        from ..values.text_form import to_data

        return to_data(value)

    def schema(self, definitions: Definitions) -> Schema:
        return defined("value", _definition, definitions)


VALUE: Final = _Value()


def _definition(definitions: Definitions) -> Schema:
    value = VALUE.schema(definitions)
    return {
        "description": "A value with its tag: `unit`, or a mapping with one key such as {u8: 1} or {strs: [a, b]}.",
        "anyOf": [
            {"const": "unit"},
            {
                "type": "object",
                "properties": {
                    "unit": {"type": "null"},
                    **_scalars(definitions),
                    "option": {"anyOf": [value, {"type": "null"}]},
                    "struct": _object(id=_id("The structure's type id.", definitions), fields=_fields(definitions)),
                    "enum": _object(
                        id=_id("The enumeration's type id.", definitions),
                        **_variant(definitions),
                    ),
                    **{f"{name}s": _array(schema) for name, schema in _scalars(definitions).items() if name != "uuid"},
                    "values": _array(value),
                    "structs": _object(
                        id=_id("The structures' type id.", definitions),
                        elements=_array(_object(fields=_fields(definitions))),
                    ),
                    "enums": _object(
                        id=_id("The enumerations' type id.", definitions),
                        elements=_array(_object(**_variant(definitions))),
                    ),
                    "keyvalue": _object(
                        id=_id("The map's id.", definitions),
                        fields={"type": "object", "additionalProperties": _map_field(definitions)},
                    ),
                },
                "minProperties": 1,
                "maxProperties": 1,
                "additionalProperties": False,
            },
        ],
    }


def _scalars(definitions: Definitions) -> dict[str, Schema]:
    """Return the schemas of scalars by tag. Arrays have the plural as tag: {f64s: [...]}. UUIDs have no array."""
    return {
        "bool": {"type": "boolean"},
        **{kind.name: _number(kind, definitions) for kind in NUMBERS},
        "str": {"type": "string"},
        "uuid": ID.schema(definitions),
    }


def _number(kind: Kind, definitions: Definitions) -> Schema:
    if kind.is_float:
        return defined("float", lambda _: _FLOAT, definitions)
    return {"type": "integer", "minimum": kind.low, "maximum": kind.high}


_FLOAT: Final[Schema] = {
    "description": "A number; NaN and the infinities as text.",
    "anyOf": [{"type": "number"}, {"enum": ["NaN", "Infinity", "-Infinity"]}],
}


def _id(description: str, definitions: Definitions) -> Schema:
    return {"description": description, **ID.schema(definitions)}


def _array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _object(**properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _fields(definitions: Definitions) -> Schema:
    return _array(_object(id=_id("The field's id.", definitions), value=VALUE.schema(definitions)))


def _variant(definitions: Definitions) -> dict[str, Schema]:
    payload = {"description": "The payload of the variant, `unit` for nothing.", **VALUE.schema(definitions)}
    return {"variant_id": _id("The variant's id.", definitions), "value": payload}


def _map_field(definitions: Definitions) -> Schema:
    parts: Schema = {
        "id": _id("The field's id.", definitions),
        "name": {"description": "The same as the key.", "type": "string"},
        "value": {"anyOf": [VALUE.schema(definitions), {"type": "null"}]},
    }
    return {"type": "object", "properties": parts, "required": ["id"], "additionalProperties": False}
