"""The type records that functions use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from uuid import UUID

from ..types import MapRef, TypeRef
from ..types.registry import TypeRecord, TypeRegistry
from .model import ExportedFunction, ImportedFunction


def used_types(functions: Iterable[ExportedFunction | ImportedFunction], registry: TypeRegistry) -> list[TypeRecord]:
    """Return the structures and enumerations that functions use, directly or not, in order of first use."""
    found: dict[UUID, TypeRecord] = {}
    types = (ref for function in functions for ref in (*(each.type for each in function.parameters), function.ret))
    # Records may be nested too deeply for recursion.
    unread: list[Iterator[TypeRef]] = [types]
    while unread:
        ref = next(unread[-1], None)
        if ref is None:
            unread.pop()
            continue
        record = registry.get(ref.value_id if isinstance(ref, MapRef) else ref.id)
        if record is not None and record.id not in found:
            found[record.id] = record
            unread.append(each.type for each in record.members)
    return list(found.values())
