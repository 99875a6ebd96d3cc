"""Plain data of JavaScript's from and to what typed calls take and give, by declared type.

Only what JavaScript says differently is changed: a dynamic value is a tagged one in text form (ABI §9), a structure an
object by field names, a variant its name or ``{name: what it carries}``. The call itself does the checking.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from arora_core import text
from arora_core import values as v
from arora_core.binding.generated_classes import attributes_of
from arora_core.types.references import (
    DYNAMIC,
    KEY_VALUE,
    OPTION,
    TYPE_NAMES,
    UNIT,
    VALUE,
    ArrayRef,
    FixedArrayRef,
    MapRef,
    OptionRef,
    ScalarRef,
    TypeRef,
)
from arora_core.types.registry import EnumerationType, StructureType, TypeRecord, TypeRegistry


def parsed(written: str, buffers: Sequence[Any], mark: str) -> Any:
    """The data that ``arora.mjs`` wrote: JSON, in which ``{mark: index}`` stands for a typed array."""
    if not buffers:
        return json.loads(written)

    def restored(data: dict[str, Any]) -> Any:
        return buffers[data[mark]].to_memoryview() if len(data) == 1 and mark in data else data

    return json.loads(written, object_hook=restored)


def read(data: Any, type: TypeRef, registry: TypeRegistry) -> Any:
    """``data`` as the typed call takes it. Raises ArgumentError for a dynamic value that is none."""
    if data is None:
        return text.from_data("unit") if isinstance(type, ScalarRef) and type.id in DYNAMIC else None
    if isinstance(type, OptionRef):
        return read(data, ScalarRef(type.id), registry)
    if isinstance(type, (ArrayRef, FixedArrayRef)):
        return [read(each, ScalarRef(type.id), registry) for each in data] if isinstance(data, list) else data
    if isinstance(type, MapRef):
        return _mapped(data, ScalarRef(type.value_id), registry)
    if type.id == KEY_VALUE:
        return _mapped(data, ScalarRef(VALUE), registry)
    record = registry.get(type.id)
    if record is not None:
        return _members_read(data, record, registry)
    return text.from_data(data) if type.id in (VALUE, OPTION) or type.id not in TYPE_NAMES else data


def _mapped(data: Any, item: TypeRef, registry: TypeRegistry) -> Any:
    if not isinstance(data, Mapping):
        return data
    return {key: None if each is None else read(each, item, registry) for key, each in data.items()}


def _members_read(data: Any, record: TypeRecord, registry: TypeRegistry) -> Any:
    if not isinstance(data, Mapping):
        return data
    members = record.fields if isinstance(record, StructureType) else record.variants
    types: dict[str, TypeRef] = {each.name: each.type for each in members}
    return {key: read(each, types[key], registry) if key in types else each for key, each in data.items()}


def written(answer: Any, type: TypeRef, registry: TypeRegistry, null: object) -> Any:
    """What a typed call answered, made of what Pyodide turns into plain JavaScript. ``null`` stands for nothing."""
    if answer is None:
        return null
    if isinstance(answer, v.Value):
        return with_null(text.to_data(answer), null)
    if isinstance(answer, dict):
        item = ScalarRef(type.value_id if isinstance(type, MapRef) else VALUE)
        return {key: written(each, item, registry, null) for key, each in answer.items()}
    if isinstance(type, OptionRef):
        return written(answer, ScalarRef(type.id), registry, null)
    if isinstance(answer, list):
        item = ScalarRef(type.id) if isinstance(type, (ArrayRef, FixedArrayRef)) else ScalarRef(UNIT)
        return [written(each, item, registry, null) for each in answer]
    record = registry.get(type.id) if isinstance(type, ScalarRef) else None
    if isinstance(record, StructureType):
        return {
            field.name: written(getattr(answer, attribute), field.type, registry, null)
            for field, attribute in zip(record.fields, attributes_of(record), strict=True)
        }
    if isinstance(record, EnumerationType):
        return _variant(answer, record, registry, null)
    # Arrays of numbers are buffers, and become typed arrays.
    return str(answer) if isinstance(answer, UUID) else answer


def _variant(answer: Any, record: EnumerationType, registry: TypeRegistry, null: object) -> Any:
    # Of the two kinds of class that stand for enumerations, one has its id as its value.
    id = getattr(answer, "variant_id", None) or answer.value
    variant = next(each for each in record.variants if each.id == id)
    if variant.type == ScalarRef(UNIT):
        return variant.name
    return {variant.name: written(answer.value, variant.type, registry, null)}


def with_null(data: Any, null: object) -> Any:
    """Plain data in which ``null`` stands for every None."""
    if data is None:
        return null
    if isinstance(data, dict):
        return {key: with_null(each, null) for key, each in data.items()}
    return [with_null(each, null) for each in data] if isinstance(data, list) else data
