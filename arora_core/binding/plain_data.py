"""Plain data, such as YAML and JSON say, from and to what typed calls take and return, by declared type.

A structure is a mapping by field names, an enumeration a variant's name or ``{name: payload}``, a dynamic value has its
tag (ABI §9). Nothing is checked here: what does not fit its type is passed on for the call to refuse.
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
"""Reads data of the type with that id, which has no parts to be read by themselves."""


def read_scalar(data: Any, id: UUID) -> Any:
    """Return ``data`` itself; for a dynamic value, and for a type that no record declares, the value with that tag.

    Raises ArgumentError where there is no such value.
    """
    if id == OPTION and data is None:
        return None
    return text.from_data(data) if id in (OPTION, VALUE) or id not in TYPE_NAMES else data


def to_argument(data: Any, ref: TypeRef, registry: TypeRegistry, scalar: ReadScalar = read_scalar) -> Any:
    """Return plain data as a typed call takes it. Raises what ``scalar`` raises."""
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
    """The fields of a structure, or the payload of an enumeration's variant."""
    if not isinstance(data, Mapping):
        return data
    types = {name: each.type for name, each in zip(attributes_of(record), record.members, strict=True)}
    types |= {each.name: each.type for each in record.members}
    return {
        key: to_argument(each, types[key], registry, scalar) if key in types else each for key, each in data.items()
    }


def from_result(answer: Any, ref: TypeRef, registry: TypeRegistry) -> Any:
    """Return as plain data what a typed call returned. Arrays of numbers stay the buffers that they are."""
    if answer is None:
        return None
    if isinstance(answer, v.Value):  # dynamic, or of a type that no record declares
        return text.to_data(answer)
    if isinstance(answer, dict):
        item = ScalarRef(ref.value_id if isinstance(ref, MapRef) else VALUE)
        return {key: from_result(each, item, registry) for key, each in answer.items()}
    assert not isinstance(ref, MapRef)
    if isinstance(ref, OptionRef):
        return from_result(answer, ScalarRef(ref.id), registry)
    if isinstance(answer, list):
        item = ScalarRef(ELEMENT_IDS[ref.id] if isinstance(ref, ScalarRef) else ref.id)
        return [from_result(each, item, registry) for each in answer]
    record = registry.get(ref.id) if isinstance(ref, ScalarRef) else None
    if isinstance(record, StructureType):
        return {
            field.name: from_result(getattr(answer, attribute), field.type, registry)
            for field, attribute in zip(record.fields, attributes_of(record), strict=True)
        }
    if isinstance(record, EnumerationType):
        return _variant(answer, record, registry)
    return str(answer) if isinstance(answer, UUID) else answer


def _variant(answer: Any, record: EnumerationType, registry: TypeRegistry) -> Any:
    """The variant's name, with its payload where it has one."""
    # Of the two kinds of class that stand for enumerations, one has its id as its value.
    id = getattr(answer, "variant_id", None) or answer.value
    variant = next(each for each in record.variants if each.id == id)
    if variant.type == ScalarRef(UNIT):
        return variant.name
    return {variant.name: from_result(answer.value, variant.type, registry)}
