"""Readable names of types."""

from __future__ import annotations

from uuid import UUID

from .references import TYPE_NAMES, ArrayRef, FixedArrayRef, MapRef, OptionRef, TypeRef
from .registry import TypeRegistry


def type_name(ref: TypeRef, registry: TypeRegistry) -> str:
    """Return the readable name of a type: ``f64[]``, ``arm.Pose``, ``f64[6]``, ``option<f64>``, ``map<str, f64>``.

    The name of a type that no record declares is its UUID.
    """
    if isinstance(ref, MapRef):
        return f"map<{id_name(ref.key_id, registry)}, {id_name(ref.value_id, registry)}>"
    name = id_name(ref.id, registry)
    if isinstance(ref, ArrayRef):
        return f"{name}[]"
    if isinstance(ref, FixedArrayRef):
        return f"{name}[{ref.length}]"
    if isinstance(ref, OptionRef):
        return f"option<{name}>"
    return name


def id_name(id: UUID, registry: TypeRegistry) -> str:
    """Return the readable name of the type with that id."""
    record = registry.get(id)
    return TYPE_NAMES.get(id) or (record.path if record is not None else str(id))
