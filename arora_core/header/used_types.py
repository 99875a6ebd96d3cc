"""The type records that functions use."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from ..types import MapRef, TypeRef
from ..types.registry import TypeRecord, TypeRegistry
from .model import ExportedFunction, ImportedFunction


def used_types(functions: Iterable[ExportedFunction | ImportedFunction], registry: TypeRegistry) -> list[TypeRecord]:
    """Return the structures and enumerations that functions use, directly or not, in order of first use."""
    found: dict[UUID, TypeRecord] = {}
    for function in functions:
        _collect([*(each.type for each in function.parameters), function.ret], registry, found)
    return list(found.values())


def _collect(refs: Iterable[TypeRef], registry: TypeRegistry, found: dict[UUID, TypeRecord]) -> None:
    for ref in refs:
        record = registry.get(ref.value_id if isinstance(ref, MapRef) else ref.id)
        if record is not None and record.id not in found:
            found[record.id] = record
            _collect((each.type for each in record.members), registry, found)
