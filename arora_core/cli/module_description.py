"""A header as data for machines, with the ids of everything."""

from __future__ import annotations

from .. import text
from ..header import ExportedFunction, Header, ImportedFunction, Version
from ..header.used_types import used_types
from ..types import type_name
from ..types.registry import EnumerationType, TypeRecord, TypeRegistry
from .signatures import signature


def describe(header: Header) -> dict[str, object]:
    """What ``arora inspect --json`` says of the header alone."""
    names = {module.id: module.name for module in header.types.modules()}
    return {
        "id": str(header.id),
        "name": header.name,
        "version": str(header.version),
        "description": header.description,
        "author": header.author,
        "license": header.license,
        "needs": {
            "name": header.executor.name,
            "min_version": _version(header.executor.min_version),
            "max_version": _version(header.executor.max_version),
        },
        "exports": [_function(each, header.types) for each in header.exports],
        "types": [_type(each, header.types) for each in used_types([*header.exports, *header.imports], header.types)],
        "imports": [
            {
                "module": str(each.module),
                "module_name": names.get(each.module),
                **_function(each, header.types),
            }
            for each in header.imports
        ],
    }


def _version(version: Version | None) -> str | None:
    return None if version is None else str(version)


def _function(function: ExportedFunction | ImportedFunction, registry: TypeRegistry) -> dict[str, object]:
    return {
        "id": str(function.id),
        "name": function.name,
        "signature": signature(function, registry),
        "parameters": [
            {
                "id": str(each.id),
                "name": each.name,
                "type": type_name(each.type, registry),
                "mutable": each.mutable,
                "default_value": None if each.default_value is None else text.to_data(each.default_value),
            }
            for each in function.parameters
        ],
        "ret": type_name(function.ret, registry),
    }


def _type(record: TypeRecord, registry: TypeRegistry) -> dict[str, object]:
    listed = [
        {"id": str(each.id), "name": each.name, "type": type_name(each.type, registry)} for each in record.members
    ]
    enumeration = isinstance(record, EnumerationType)
    return {
        "id": str(record.id),
        "path": record.path,
        "version": str(record.version),
        "kind": "enumeration" if enumeration else "structure",
        "variants" if enumeration else "fields": listed,
    }
