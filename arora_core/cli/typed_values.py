"""Values between text and the typed call, by declared type.

What is read is plain data shaped as :class:`~arora_core.Function` takes it; the call itself does the checking, so
whatever does not fit is passed on as it stands. What is written is the same shape, by the names of the header.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from .. import text
from .. import values as v
from ..binding.generated_classes import attributes_of
from ..types.references import (
    ARRAY_IDS,
    F32,
    F64,
    KEY_VALUE,
    OPTION,
    STR,
    TYPE_NAMES,
    VALUE,
    ArrayRef,
    FixedArrayRef,
    MapRef,
    OptionRef,
    ScalarRef,
    TypeRef,
)
from ..types.registry import EnumerationType, StructureType, TypeRecord, TypeRegistry
from .input_values import parsed
from .signatures import members

_ELEMENTS: Final = {array: element for element, array in ARRAY_IDS.items()}


def read(written: str, type: TypeRef, registry: TypeRegistry, what: str) -> object:
    """The argument that ``written`` says.

    It is YAML, except that text needs no quotes, whatever it looks like. Raises UsageError for what is not YAML, and
    ArgumentError for a dynamic value that is none (ABI §9).
    """
    if type == OptionRef(STR) and written in ("null", "~"):
        return None
    if type in (ScalarRef(STR), OptionRef(STR)):
        return parsed(written, what) if written[:1] in ("'", '"') else written
    return shaped(parsed(written, what), type, registry)


def shaped(data: Any, type: TypeRef, registry: TypeRegistry) -> Any:
    """Plain data from YAML, as the typed call takes it."""
    if isinstance(type, OptionRef):
        return None if data is None else shaped(data, ScalarRef(type.id), registry)
    if isinstance(type, MapRef):
        return _mapped(data, ScalarRef(type.value_id), registry)
    if isinstance(type, (ArrayRef, FixedArrayRef)):
        return _listed(data, ScalarRef(type.id), registry)
    if type.id in _ELEMENTS:
        return _listed(data, ScalarRef(_ELEMENTS[type.id]), registry)
    if type.id in (F32, F64):
        return _float(data)
    if type.id == KEY_VALUE:
        return _mapped(data, ScalarRef(VALUE), registry)
    if type.id == OPTION:
        return None if data is None else text.from_data(data)
    record = registry.get(type.id)
    if record is not None:
        return _members_shaped(data, record, registry)
    return text.from_data(data) if type.id == VALUE or type.id not in TYPE_NAMES else data


def _float(data: object) -> object:
    """A float, also as JSON has to write those that are not finite: NaN, Infinity."""
    try:
        return float(data) if isinstance(data, str) else data
    except ValueError:
        return data


def _listed(data: Any, item: TypeRef, registry: TypeRegistry) -> Any:
    return [shaped(each, item, registry) for each in data] if isinstance(data, list) else data


def _mapped(data: Any, item: TypeRef, registry: TypeRegistry) -> Any:
    if not isinstance(data, Mapping):
        return data
    return {key: None if each is None else shaped(each, item, registry) for key, each in data.items()}


def _members_shaped(data: Any, record: TypeRecord, registry: TypeRegistry) -> Any:
    """A structure's fields, or what an enumeration's variant carries; a name nobody knows is the call's to refuse."""
    if not isinstance(data, Mapping):
        return data
    declared = list(members(record))
    types = {name: type for name, (_, _, type) in zip(attributes_of(record), declared, strict=True)}
    types |= {name: type for _, name, type in declared}
    return {key: shaped(each, types[key], registry) if key in types else each for key, each in data.items()}


def plain(answer: Any, type: TypeRef, registry: TypeRegistry) -> object:
    """What a typed call answered, as plain data for YAML and JSON."""
    if answer is None:
        return None
    if isinstance(answer, v.Value):  # dynamic, or of a type that no record declares
        return text.to_data(answer)
    if isinstance(answer, dict):
        value = ScalarRef(type.value_id if isinstance(type, MapRef) else VALUE)
        return {key: plain(each, value, registry) for key, each in answer.items()}
    if isinstance(type, OptionRef):
        return plain(answer, ScalarRef(type.id), registry)
    if isinstance(type, (ArrayRef, FixedArrayRef)):
        return [plain(each, ScalarRef(type.id), registry) for each in answer]
    assert isinstance(type, ScalarRef)
    if type.id in _ELEMENTS:
        return list(answer)
    record = registry.get(type.id)
    if isinstance(record, StructureType):
        return _fields(answer, record, registry)
    if isinstance(record, EnumerationType):
        return _variant(answer, record, registry)
    return str(answer) if isinstance(answer, UUID) else answer


def _fields(answer: Any, record: StructureType, registry: TypeRegistry) -> object:
    return {
        field.name: plain(getattr(answer, attribute), field.type, registry)
        for field, attribute in zip(record.fields, attributes_of(record), strict=True)
    }


def _variant(answer: Any, record: EnumerationType, registry: TypeRegistry) -> object:
    """The variant's name, with what it carries where it carries anything."""
    # Of the two kinds of class, one has its id as its value.
    id = getattr(answer, "variant_id", None) or answer.value
    variant = next(each for each in record.variants if each.id == id)
    if variant.type == ScalarRef(UUID(int=0)):
        return variant.name
    return {variant.name: plain(answer.value, variant.type, registry)}
