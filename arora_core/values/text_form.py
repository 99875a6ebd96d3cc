"""Values as plain data, for JSON and YAML (ABI §9).

Plain data is dicts, lists, text, numbers, bools and None, which ``json.dumps(allow_nan=False)`` accepts: a float that
is not finite is the text ``NaN``, ``Infinity`` or ``-Infinity``, unless it is asked for as a float, which YAML writes.
Everything but the payload of a NaN survives the round trip.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

from .. import values as v
from ..documents.places import Place, suggestion
from ..errors import ArgumentError
from . import kinds

MAX_DEPTH = 100
"""Maximum nesting of values in text: more than in buffers, and less than overflows the interpreter's stack."""

_PLAIN_ARRAYS: tuple[type[v.NumberArray] | type[v.ItemArray], ...] = (*v.NUMBER_ARRAYS, v.ArrayBoolean, v.ArrayString)
"""The arrays whose items are plain data themselves."""
_UNIT = kinds.UNIT.name

_NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def to_data(value: v.Value, *, floats: bool = False) -> object:
    """Return ``value`` as plain data, for example ``{"f64": 0.5}``; with ``floats``, those not finite are floats too.

    Raises TypeError if it is not a value, and ValueError if values nest deeper than MAX_DEPTH, as readers do.
    """
    return _Writer(floats).data(value, 1)


def from_data(data: object) -> v.Value:
    """Return the value that plain data describes.

    Raises ArgumentError, whose message starts with the path to the mistake:
    ``struct.fields[0].id: expected a UUID, got 5``.
    """
    return read_value(Place(data, argument_refusal))


def read_value(place: Place) -> v.Value:
    """Return the value at a place of a document. Raises the document's error."""
    return _read(place, 1)


def argument_refusal(path: str, message: str) -> ArgumentError:
    """Return the error about the place ``path`` of plain data."""
    return ArgumentError(f"{path}: {message}" if path else message)


# --- reading -------------------------------------------------------------------------------------


def _read(place: Place, depth: int) -> v.Value:
    if depth > MAX_DEPTH:
        place.refuse(f"values nest deeper than {MAX_DEPTH} levels")
    if place.data == _UNIT:
        return v.Unit()
    if not isinstance(place.data, Mapping) or len(place.data) != 1:
        place.expected("a value with its tag, such as {f64: 0.5} or unit")
    ((tag, payload),) = place.entries()
    read = _READERS.get(tag)
    if read is None:
        place.refuse(f"unknown tag {tag!r}{suggestion(tag, _READERS)}")
    return read(payload, depth + 1)


def _scalar_reader(cls: type[v.Scalar]) -> Callable[[Place, int], v.Value]:
    make: Callable[[object], v.Value] = cls
    if issubclass(cls, v.Float):
        return lambda place, _: place.made(lambda: make(_number(place.data)))
    if cls is v.Uuid:
        return lambda place, _: make(place.uuid())
    if cls is v.String:
        return lambda place, _: make(place.text())
    if cls is v.Boolean:
        return lambda place, _: make(place.boolean())
    return lambda place, _: place.made(lambda: make(place.data))


def _array_reader(cls: type[v.NumberArray] | type[v.ItemArray]) -> Callable[[Place, int], v.Value]:
    make: Callable[[object], v.Value] = cls
    if cls.kind.is_float:
        return lambda place, _: place.made(lambda: make([_number(item) for item in place.list()]))
    return lambda place, _: place.made(lambda: make(place.list()))


def _number(data: object) -> object:
    """Return a number as constructors of values accept it. Text has one NaN, whatever sign a parser gives it."""
    if isinstance(data, str):
        return _NON_FINITE.get(data, data)
    if type(data) is int and abs(data) < 1 << 1023:
        return float(data)  # A numeral is rounded like any other: JSON in JavaScript writes 1e20 as an integer.
    return math.nan if isinstance(data, float) and math.isnan(data) else data


def _read_unit(place: Place, depth: int) -> v.Value:
    return v.Unit() if place.data is None else place.expected("nothing, or the bare text unit in place of the mapping")


def _read_option(place: Place, depth: int) -> v.Value:
    return v.Option(None if place.data is None else _read(place, depth))


def _read_structure(place: Place, depth: int) -> v.Value:
    keys = place.keys(required=("id", "fields"))
    return v.Structure(keys["id"].uuid(), _read_fields(keys["fields"], depth))


def _read_fields(place: Place, depth: int) -> list[tuple[UUID, v.Value]]:
    fields = (item.keys(required=("id", "value")) for item in place.items())
    return [(keys["id"].uuid(), _read(keys["value"], depth)) for keys in fields]


def _read_structures(place: Place, depth: int) -> v.Value:
    keys = place.keys(required=("id", "elements"))
    elements = [item.keys(required=("fields",))["fields"] for item in keys["elements"].items()]
    return v.ArrayStructure(keys["id"].uuid(), [_read_fields(fields, depth) for fields in elements])


def _read_enumeration(place: Place, depth: int) -> v.Value:
    keys = place.keys(required=("id", "variant_id", "value"))
    return v.Enumeration(keys["id"].uuid(), keys["variant_id"].uuid(), _read(keys["value"], depth))


def _read_enumerations(place: Place, depth: int) -> v.Value:
    keys = place.keys(required=("id", "elements"))
    elements = [item.keys(required=("variant_id", "value")) for item in keys["elements"].items()]
    return v.ArrayEnumeration(
        keys["id"].uuid(), [(item["variant_id"].uuid(), _read(item["value"], depth)) for item in elements]
    )


def _read_values(place: Place, depth: int) -> v.Value:
    return v.ArrayValue([_read(item, depth) for item in place.items()])


def _read_key_value(place: Place, depth: int) -> v.Value:
    keys = place.keys(required=("id", "fields"))
    fields: dict[str, tuple[UUID, v.Value | None]] = {}
    for key, field in keys["fields"].entries():
        parts = field.keys(required=("id",), optional=("name", "value"))
        # The name repeats the key: any other name would be lost on the wire.
        if "name" in parts and parts["name"].text() != key:
            parts["name"].expected(f"the key, {key!r}")
        fields[key] = parts["id"].uuid(), _read(parts["value"], depth) if "value" in parts else None
    return keys["fields"].made(lambda: v.KeyValue(keys["id"].uuid(), fields))


_READERS: dict[str, Callable[[Place, int], v.Value]] = {
    _UNIT: _read_unit,
    **{cls.kind.name: _scalar_reader(cls) for cls in v.SCALARS},
    **{cls.kind.array_tag: _array_reader(cls) for cls in _PLAIN_ARRAYS},
    kinds.OPTION.name: _read_option,
    kinds.STRUCTURE.name: _read_structure,
    kinds.ENUMERATION.name: _read_enumeration,
    kinds.VALUE.array_tag: _read_values,
    kinds.STRUCTURE.array_tag: _read_structures,
    kinds.ENUMERATION.array_tag: _read_enumerations,
    kinds.KEY_VALUE.name: _read_key_value,
}


# --- writing -------------------------------------------------------------------------------------


class _Writer:
    """Writes values; ``floats`` says whether floats that are not finite stay floats."""

    def __init__(self, floats: bool) -> None:
        self.float: Callable[[float], object] = float if floats else _finite_or_text

    def data(self, value: v.Value, depth: int) -> object:
        write = _WRITERS.get(type(value))
        if write is None:
            raise TypeError(f"expected a value of arora_core.values, got {type(value).__name__}")
        if depth > MAX_DEPTH:
            raise ValueError(f"values nest deeper than {MAX_DEPTH} levels")
        return write(self, value, depth + 1)

    def maybe(self, value: v.Value | None, depth: int) -> object:
        return None if value is None else self.data(value, depth)

    def pairs(self, pairs: Iterable[tuple[UUID, v.Value]], depth: int) -> list[object]:
        return [{"id": str(id), "value": self.data(value, depth)} for id, value in pairs]

    def variant(self, variant_id: UUID, value: v.Value, depth: int) -> dict[str, object]:
        return {"variant_id": str(variant_id), "value": self.data(value, depth)}

    def key_value(self, value: v.KeyValue, depth: int) -> dict[str, object]:
        fields = {
            key: {"id": str(field.id), "name": key, "value": self.maybe(field.value, depth)}
            for key, field in value.fields.items()
        }
        return {"id": str(value.id), "fields": fields}


_Write = Callable[[_Writer, Any, int], object]


def _scalar_writer(cls: type[v.Scalar]) -> _Write:
    tag = cls.kind.name
    if cls.kind.is_float:
        return lambda to, value, _: {tag: to.float(value.value)}
    if cls is v.Uuid:
        return lambda to, value, _: {tag: str(value.value)}
    return lambda to, value, _: {tag: value.value}


def _array_writer(cls: type[v.NumberArray] | type[v.ItemArray]) -> _Write:
    tag = cls.kind.array_tag
    if cls.kind.is_float:
        return lambda to, value, _: {tag: [*map(to.float, value)]}
    return lambda to, value, _: {tag: list(value)}


def _finite_or_text(number: float) -> float | str:
    if math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def pairs_to_data(pairs: Iterable[tuple[UUID, v.Value]], *, floats: bool = False) -> list[object]:
    """Return values by id as plain data: ``[{"id": ..., "value": ...}, ...]``. Raises as ``to_data``."""
    return _Writer(floats).pairs(pairs, 1)


_WRITERS: dict[type[v.Value], _Write] = {
    v.Unit: lambda to, value, depth: _UNIT,
    **{cls: _scalar_writer(cls) for cls in v.SCALARS},
    **{cls: _array_writer(cls) for cls in _PLAIN_ARRAYS},
    v.Option: lambda to, value, depth: {kinds.OPTION.name: to.maybe(value.value, depth)},
    v.Structure: lambda to, value, depth: {
        kinds.STRUCTURE.name: {"id": str(value.id), "fields": to.pairs(value.fields, depth)}
    },
    v.Enumeration: lambda to, value, depth: {
        kinds.ENUMERATION.name: {"id": str(value.id), **to.variant(value.variant_id, value.value, depth)},
    },
    v.ArrayValue: lambda to, value, depth: {kinds.VALUE.array_tag: [to.data(item, depth) for item in value]},
    v.ArrayStructure: lambda to, value, depth: {
        kinds.STRUCTURE.array_tag: {
            "id": str(value.id),
            "elements": [{"fields": to.pairs(fields, depth)} for fields in value],
        },
    },
    v.ArrayEnumeration: lambda to, value, depth: {
        kinds.ENUMERATION.array_tag: {
            "id": str(value.id),
            "elements": [to.variant(variant_id, each, depth) for variant_id, each in value],
        },
    },
    v.KeyValue: lambda to, value, depth: {kinds.KEY_VALUE.name: to.key_value(value, depth)},
}
