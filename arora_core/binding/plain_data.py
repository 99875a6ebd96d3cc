"""Conversion of plain data, such as parsed YAML, to arguments of typed calls, and of their results to plain data.

A structure is a mapping by field names, an enumeration a variant's name or ``{name: payload}``, and a dynamic value has
its tag (ABI §9). Nothing is checked here: data of the wrong type is passed through, and the call rejects it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from .. import text
from .. import values as v
from ..types import ArrayRef, EnumerationType, FixedArrayRef, MapRef, OptionRef, ScalarRef, StructureType
from ..types.references import ELEMENT_IDS, KEY_VALUE, OPTION, TYPE_NAMES, UNIT, VALUE, TypeRef
from ..types.registry import TypeRecord, TypeRegistry
from .generated_classes import attributes_of

ReadScalar = Callable[[Any, UUID], Any]
"""Reads data of the type with that id, a type without fields, variants or items."""

WriteDynamic = Callable[[v.Value], object]
"""Returns a value of no declared type as plain data."""


def read_scalar(data: Any, id: UUID) -> Any:
    """Return ``data``; for a dynamic value, or a type that no record declares, the value that ``data`` describes.

    Raises ArgumentError if ``data`` does not describe a value.
    """
    if id == OPTION and data is None:
        return None
    return text.from_data(data) if id in (OPTION, VALUE) or id not in TYPE_NAMES else data


def to_argument(data: Any, ref: TypeRef, registry: TypeRegistry, scalar: ReadScalar = read_scalar) -> Any:
    """Return plain data as an argument of a typed call. Raises what ``scalar`` raises."""
    if isinstance(ref, OptionRef):
        return None if data is None else to_argument(data, ScalarRef(ref.id), registry, scalar)
    if isinstance(ref, MapRef):
        return _entries(data, ScalarRef(ref.value_id), registry, scalar)
    if isinstance(ref, (ArrayRef, FixedArrayRef)):
        return _items(data, ScalarRef(ref.id), registry, scalar)
    if ref.id in ELEMENT_IDS:
        return _items(data, ScalarRef(ELEMENT_IDS[ref.id]), registry, scalar)
    if ref.id == KEY_VALUE and isinstance(data, Mapping):
        return _entries(data, ScalarRef(VALUE), registry, scalar)
    record = registry.get(ref.id)
    return scalar(data, ref.id) if record is None else _members(data, record, registry, scalar)


def _items(data: Any, item: TypeRef, registry: TypeRegistry, scalar: ReadScalar) -> Any:
    return [to_argument(each, item, registry, scalar) for each in data] if isinstance(data, list) else data


def _entries(data: Any, item: TypeRef, registry: TypeRegistry, scalar: ReadScalar) -> Any:
    if not isinstance(data, Mapping):
        return data
    return {key: None if each is None else to_argument(each, item, registry, scalar) for key, each in data.items()}


def _members(data: Any, record: TypeRecord, registry: TypeRegistry, scalar: ReadScalar) -> Any:
    """Return the mapping of a structure's fields, or of a variant's name to its payload, with its values converted."""
    if not isinstance(data, Mapping):
        return data
    types = {name: record.members[index].type for name, index in attributes_of(record).index_of.items()}
    return {
        key: to_argument(each, types[key], registry, scalar) if key in types else each for key, each in data.items()
    }


def from_result(result: Any, ref: TypeRef, registry: TypeRegistry, dynamic: WriteDynamic = text.to_data) -> Any:
    """Return the result of a typed call as plain data. Numbers and arrays of them are returned unchanged."""
    if result is None:
        return None
    if isinstance(result, v.Value):  # A dynamic value, or of a type that no record declares.
        return dynamic(result)
    if isinstance(result, dict):
        item = ScalarRef(ref.value_id if isinstance(ref, MapRef) else VALUE)
        return {key: from_result(each, item, registry, dynamic) for key, each in result.items()}
    assert not isinstance(ref, MapRef)
    if isinstance(ref, OptionRef):
        return from_result(result, ScalarRef(ref.id), registry, dynamic)
    if isinstance(result, list):
        item = ScalarRef(ELEMENT_IDS[ref.id] if isinstance(ref, ScalarRef) else ref.id)
        return [from_result(each, item, registry, dynamic) for each in result]
    record = registry.get(ref.id) if isinstance(ref, ScalarRef) else None
    if isinstance(record, StructureType):
        return {
            field.name: from_result(getattr(result, attribute), field.type, registry, dynamic)
            for field, attribute in zip(record.fields, attributes_of(record).python, strict=True)
        }
    if isinstance(record, EnumerationType):
        return _variant(result, record, registry, dynamic)
    return str(result) if isinstance(result, UUID) else result


def _variant(result: Any, record: EnumerationType, registry: TypeRegistry, dynamic: WriteDynamic) -> Any:
    """Return the variant's name, with its payload if it has one."""
    # A Variant has its id as ``variant_id``, a member of an ``enum.Enum`` as its value.
    id = getattr(result, "variant_id", None) or result.value
    variant = next(each for each in record.variants if each.id == id)
    if variant.type == ScalarRef(UNIT):
        return variant.name
    return {variant.name: from_result(result.value, variant.type, registry, dynamic)}
