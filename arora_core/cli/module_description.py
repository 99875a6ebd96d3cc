"""A header as it is shown: all of it as data for machines, and its short facts as text.

Both go through the keys that the header's classes declare, so a new key is shown as soon as it is declared.
"""

from __future__ import annotations

from typing import Any, Final

from ..header import ExportedFunction, Header, ImportedFunction
from ..header.forms import Form
from ..header.model import HEADER
from ..header.objects import Items, Object
from ..header.type_forms import TYPE
from ..header.used_types import used_types
from ..header.version_form import VERSION
from ..types import type_name
from ..types.registry import EnumerationType, TypeRecord, TypeRegistry
from .signatures import signature

_NEEDS: Final = "needs"
"""What the key ``executor`` is called here, where an executor is what could run the module."""

_NOT_FACTS: Final = frozenset(
    ["name", "description", "version", "executor", "executable_mime", "exports", "imports", "dependencies"]
)
"""The keys of a header that text shows elsewhere or not at all."""


def describe(header: Header) -> dict[str, object]:
    """Return what ``arora inspect --json`` shows of the header alone."""
    described = _object(HEADER, header, header.types)
    return {
        **{_NEEDS if key == "executor" else key: shown for key, shown in described.items()},
        "types": [_type(each, header.types) for each in used_types([*header.exports, *header.imports], header.types)],
    }


def facts(header: Header) -> dict[str, str]:
    """Return the short keys of the header as text, without those that are not given."""
    shown = {key: getattr(header, key) for key in HEADER.keys if key not in _NOT_FACTS}
    return {**{key: str(value) for key, value in shown.items() if value is not None}, _NEEDS: _needs(header)}


def _needs(header: Header) -> str:
    needs = header.executor
    versions = [f"from {needs.min_version}"] if needs.min_version is not None else []
    versions += [f"up to {needs.max_version}"] if needs.max_version is not None else []
    return " ".join([needs.name, *versions])


def _object(form: Object[Any], value: object, types: TypeRegistry) -> dict[str, object]:
    described = {key: _shown(each.form, getattr(value, key), types) for key, each in form.keys.items()}
    if isinstance(value, (ExportedFunction, ImportedFunction)):
        described["signature"] = signature(value, types)
    if isinstance(value, ImportedFunction):
        described["module_name"] = next((each.name for each in types.modules() if each.id == value.module), None)
    return described


def _shown(form: Form[Any], value: Any, types: TypeRegistry) -> object:
    if value is None:
        return None
    if isinstance(form, Items):
        return [_object(form.item, each, types) for each in value]
    if isinstance(form, Object):
        return _object(form, value, types)
    if form is TYPE:
        return type_name(value, types)
    return str(value) if form is VERSION else form.write(value)


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
