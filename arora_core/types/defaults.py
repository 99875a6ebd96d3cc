"""Default values of types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from .. import values as v
from .names import id_name
from .references import (
    ARRAY_CLASSES,
    DYNAMIC,
    KEY_VALUE,
    SCALAR_CLASSES,
    TYPE_NAMES,
    FixedArrayRef,
    MapRef,
    OptionRef,
    ScalarRef,
    TypeRef,
)
from .registry import StructureType, TypeRegistry


def _zero(cls: type[v.Value]) -> v.Value:
    make: Callable[..., v.Value] = cls
    if cls is v.Uuid:
        return make(UUID(int=0))
    # Python's own zero: False, 0, 0.0 and "".
    return make(cls.kind.python()) if issubclass(cls, v.Scalar) else make()


_ZEROS = {id: _zero(cls) for id, cls in SCALAR_CLASSES.items()}


def default_value(ref: TypeRef, registry: TypeRegistry) -> v.Value:
    """Return the zero of a type: 0, False, empty text, no items, an empty option, and unit for a dynamic value.

    The fields of a structure have their own defaults. An enumeration has the first variant whose payload has a default.
    Raises TypeError for a type that the registry does not know, and for one that always contains itself.
    """
    return _default(ref, registry, ())


def _default(ref: TypeRef, registry: TypeRegistry, within: tuple[UUID, ...]) -> v.Value:
    if isinstance(ref, ScalarRef):
        return _default_scalar(ref.id, registry, within)
    if isinstance(ref, OptionRef):
        return v.Option(None)
    if isinstance(ref, MapRef):
        return v.KeyValue(KEY_VALUE)
    length = ref.length if isinstance(ref, FixedArrayRef) else 0
    return _default_array(ref.id, length, registry, within)


def _default_scalar(id: UUID, registry: TypeRegistry, within: tuple[UUID, ...]) -> v.Value:
    if id in DYNAMIC:
        return v.Unit()
    if id in _ZEROS:
        return _ZEROS[id]
    if id in within:
        raise TypeError(f"{id_name(id, registry)} has no default value: it contains itself")
    within = (*within, id)
    record = registry.get(id)
    if isinstance(record, StructureType):
        return v.Structure(id, [(field.id, _default(field.type, registry, within)) for field in record.fields])
    if record is None:
        raise TypeError(f"the type {id} is unknown and has no default value")
    for variant in record.variants:
        try:
            return v.Enumeration(id, variant.id, _default(variant.type, registry, within))
        except TypeError:
            continue
    raise TypeError(f"{record.path} has no default value: none of its variants has one")


def _default_array(id: UUID, length: int, registry: TypeRegistry, within: tuple[UUID, ...]) -> v.Value:
    record = registry.get(id)
    if record is None and id not in TYPE_NAMES:
        raise TypeError(f"the type {id} is unknown and has no default value")
    # An empty array has a default even where its items have none.
    items: list[Any] = [_default_scalar(id, registry, within)] * length if length else []
    if isinstance(record, StructureType):
        return v.ArrayStructure(id, [item.fields for item in items])
    if record is not None:
        return v.ArrayEnumeration(id, [(item.variant_id, item.value) for item in items])
    if id not in ARRAY_CLASSES or id in DYNAMIC:
        return v.ArrayValue(items)
    make: Callable[..., v.Value] = ARRAY_CLASSES[id]
    return make([item.value for item in items])
