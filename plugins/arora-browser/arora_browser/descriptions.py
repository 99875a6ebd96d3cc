"""A loaded module as plain data, with all that a form for its functions has to know."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from arora_core import text
from arora_core.header import ExportedFunction, Parameter
from arora_core.runtime.loaded_module import LoadedModule
from arora_core.types import type_name
from arora_core.types.references import (
    ELEMENT_IDS,
    TYPE_NAMES,
    UNIT,
    ArrayRef,
    FixedArrayRef,
    MapRef,
    OptionRef,
    ScalarRef,
    TypeRef,
)
from arora_core.types.registry import StructureType, TypeRecord, TypeRegistry


def describe(module: LoadedModule) -> dict[str, object]:
    """What ``arora.d.mts`` calls a ModuleDescription."""
    header = module.header
    used: dict[UUID, TypeRecord] = {}
    for function in header.exports:
        _collect([*(each.type for each in function.parameters), function.ret], header.types, used)
    return {
        "id": str(header.id),
        "name": header.name,
        "author": header.author,
        "license": header.license,
        "description": header.description or "",
        "version": str(header.version),
        "executor": module.executor,
        "functions": [_function(each, module) for each in header.exports],
        "types": {str(id): _record(record, header.types) for id, record in used.items()},
    }


def _function(function: ExportedFunction, module: LoadedModule) -> dict[str, object]:
    return {
        "id": str(function.id),
        "name": function.name,
        "signature": module[function.name].signature,
        "parameters": [_parameter(each, module.header.types) for each in function.parameters],
        "ret": _type(function.ret, module.header.types),
    }


def _parameter(parameter: Parameter, registry: TypeRegistry) -> dict[str, object]:
    described: dict[str, object] = {
        "id": str(parameter.id),
        "name": parameter.name,
        "type": _type(parameter.type, registry),
        "mutable": parameter.mutable,
    }
    if parameter.default_value is not None:
        described["default"] = text.to_data(parameter.default_value)
    return described


def _record(record: TypeRecord, registry: TypeRegistry) -> dict[str, object]:
    members = record.fields if isinstance(record, StructureType) else record.variants
    return {
        "kind": "structure" if isinstance(record, StructureType) else "enumeration",
        "name": record.name,
        "path": record.path,
        "members": [{"id": str(each.id), "name": each.name, "type": _type(each.type, registry)} for each in members],
    }


def _type(ref: TypeRef, registry: TypeRegistry) -> dict[str, object]:
    name = type_name(ref, registry)
    if isinstance(ref, OptionRef):
        return {"kind": "option", "name": name, "item": _type(ScalarRef(ref.id), registry)}
    if isinstance(ref, MapRef):
        return {"kind": "map", "name": name, "item": _type(ScalarRef(ref.value_id), registry)}
    if isinstance(ref, ArrayRef):
        return {"kind": "array", "name": name, "item": _type(ScalarRef(ref.id), registry)}
    if isinstance(ref, FixedArrayRef):
        return {"kind": "array", "name": name, "item": _type(ScalarRef(ref.id), registry), "length": ref.length}
    if ref.id in ELEMENT_IDS:
        return {"kind": "array", "name": name, "item": _type(ScalarRef(ELEMENT_IDS[ref.id]), registry)}
    record = registry.get(ref.id)
    if record is not None:
        kind = "structure" if isinstance(record, StructureType) else "enumeration"
        return {"kind": kind, "name": name, "id": str(ref.id)}
    # A type that no record declares can only be given as a tagged value.
    return {"kind": TYPE_NAMES.get(ref.id, "value"), "name": name}


def _collect(refs: Iterable[TypeRef], registry: TypeRegistry, found: dict[UUID, TypeRecord]) -> None:
    for ref in refs:
        id = ref.value_id if isinstance(ref, MapRef) else ref.id
        record = registry.get(id)
        if record is None or id in found or id == UNIT:
            continue
        found[id] = record
        members = record.fields if isinstance(record, StructureType) else record.variants
        _collect((each.type for each in members), registry, found)
