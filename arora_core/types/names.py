"""Readable names of types."""

from __future__ import annotations

from uuid import UUID

from .references import TYPE_NAMES, TypeRef
from .registry import TypeRegistry
from .type_text import text_of


def type_name(ref: TypeRef, registry: TypeRegistry) -> str:
    """Return the readable name of a type: ``f64[]``, ``arm.Pose``, ``f64[6]``, ``option<f64>``, ``map<str, f64>``.

    The name of a type that no record declares is its UUID.
    """
    return text_of(ref, lambda each: id_name(each, registry))


def id_name(id: UUID, registry: TypeRegistry) -> str:
    """Return the readable name of the type with that id."""
    record = registry.get(id)
    return TYPE_NAMES.get(id) or (record.path if record is not None else str(id))
