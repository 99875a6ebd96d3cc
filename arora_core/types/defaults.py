"""Default values of types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
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


_DEEPEST: Final = 64
"""Levels of nested records in a default value. Buffers hold no deeper ones (ABI §1)."""

_MOST_BYTES: Final = 32 << 20
"""Size of a default value. A few records, each with two fields of the next, have one larger than the memory."""

_VALUE: Final = 64
_RECORD: Final = 1024
"""Bytes that a value and that a structure or enumeration take in memory, roughly."""


def default_value(ref: TypeRef, registry: TypeRegistry) -> v.Value:
    """Return the zero of a type: 0, False, empty text, no items, an empty option, and unit for a dynamic value.

    The fields of a structure have their own defaults. An enumeration has the first variant whose payload has a default.
    Raises TypeError for a type that the registry does not know, for one that always contains itself, and for one whose
    default is nested deeper than 64 records or larger than 32 MiB.
    """
    return _Defaults(registry).of(ref, ())


class _TooLarge(TypeError):
    """The default value of a type is too large."""


class _Defaults:
    """The parts of one default value."""

    def __init__(self, registry: TypeRegistry) -> None:
        self._registry = registry
        self._left = _MOST_BYTES

    def of(self, ref: TypeRef, within: tuple[UUID, ...]) -> v.Value:
        """Return the default of a part that is inside the records ``within``."""
        if isinstance(ref, ScalarRef):
            return self._scalar(ref.id, within)
        if isinstance(ref, OptionRef):
            return v.Option(None)
        if isinstance(ref, MapRef):
            return v.KeyValue(KEY_VALUE)
        return self._array(ref.id, ref.length if isinstance(ref, FixedArrayRef) else 0, within)

    def _scalar(self, id: UUID, within: tuple[UUID, ...]) -> v.Value:
        self._count(_VALUE)
        if id in DYNAMIC:
            return v.Unit()
        if id in _ZEROS:
            return _ZEROS[id]
        if id in within:
            raise TypeError(f"{id_name(id, self._registry)} has no default value: it contains itself")
        if len(within) == _DEEPEST:
            raise TypeError(f"{id_name(within[0], self._registry)} has no default value: it is nested too deeply")
        self._count(_RECORD)
        within = (*within, id)
        record = self._registry.get(id)
        if isinstance(record, StructureType):
            return v.Structure(id, [(field.id, self.of(field.type, within)) for field in record.fields])
        if record is None:
            raise TypeError(f"the type {id} is unknown and has no default value")
        for variant in record.variants:
            try:
                return v.Enumeration(id, variant.id, self.of(variant.type, within))
            except _TooLarge:
                raise
            except TypeError:
                continue
        raise TypeError(f"{record.path} has no default value: none of its variants has one")

    def _array(self, id: UUID, length: int, within: tuple[UUID, ...]) -> v.Value:
        record = self._registry.get(id)
        if record is None and id not in TYPE_NAMES:
            raise TypeError(f"the type {id} is unknown and has no default value")
        self._count(length)
        # An empty array has a default even where its items have none.
        items: list[Any] = [self._scalar(id, within)] * length if length else []
        if isinstance(record, StructureType):
            return v.ArrayStructure(id, [item.fields for item in items])
        if record is not None:
            return v.ArrayEnumeration(id, [(item.variant_id, item.value) for item in items])
        if id not in ARRAY_CLASSES or id in DYNAMIC:
            return v.ArrayValue(items)
        make: Callable[..., v.Value] = ARRAY_CLASSES[id]
        return make([item.value for item in items])

    def _count(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise _TooLarge(f"its default value is larger than {_MOST_BYTES:,} bytes")
