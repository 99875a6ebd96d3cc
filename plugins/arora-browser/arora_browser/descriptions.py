"""A loaded module as plain data, with all that a form for its functions has to know."""

from __future__ import annotations

from arora_core import text
from arora_core.header import ExportedFunction, Parameter
from arora_core.header.used_types import used_types
from arora_core.runtime.loaded_module import LoadedModule
from arora_core.types import type_name
from arora_core.types.references import (
    ELEMENT_IDS,
    SCALAR_CLASSES,
    TYPE_NAMES,
    ArrayRef,
    FixedArrayRef,
    MapRef,
    OptionRef,
    ScalarRef,
    TypeRef,
)
from arora_core.types.registry import StructureType, TypeRecord, TypeRegistry
from arora_core.values.kinds import NUMBERS


def describe(module: LoadedModule) -> dict[str, object]:
    """What ``arora.d.mts`` calls a ModuleDescription."""
    header = module.header
    return {
        "id": str(header.id),
        "name": header.name,
        "author": header.author,
        "license": header.license,
        "description": header.description or "",
        "version": str(header.version),
        "executor": module.executor,
        "functions": [_function(each, module) for each in header.exports],
        "types": {str(each.id): _record(each, header.types) for each in used_types(header.exports, header.types)},
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
    return {
        "kind": "structure" if isinstance(record, StructureType) else "enumeration",
        "name": record.name,
        "path": record.path,
        "members": [
            {"id": str(each.id), "name": each.name, "type": _type(each.type, registry)} for each in record.members
        ],
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
    described: dict[str, object] = {"kind": TYPE_NAMES.get(ref.id, "value"), "name": name}
    cls = SCALAR_CLASSES.get(ref.id)
    if cls is not None and cls.kind in NUMBERS:
        described["number"] = cls.kind.python.__name__
    return described
