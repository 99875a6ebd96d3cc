"""Validation of values against types."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from .. import values as v
from .names import id_name, type_name
from .references import (
    ARRAY_CLASSES,
    DYNAMIC,
    SCALAR_CLASSES,
    ArrayRef,
    FixedArrayRef,
    MapRef,
    OptionRef,
    ScalarRef,
    TypeRef,
)
from .registry import EnumerationType, StructureType, TypeRegistry


class TypeMismatch(TypeError):
    """A value that does not match its type. ``path`` is the place inside the value, ``reason`` the mistake there."""

    def __init__(self, reason: str, path: str) -> None:
        super().__init__(f"{path}: {reason}" if path else reason)
        self.reason = reason
        self.path = path


def carrier(ref: TypeRef) -> type[v.Value] | None:
    """Return the class whose instances are exactly the values of the type, or None if there is no such class."""
    if isinstance(ref, ScalarRef):
        return SCALAR_CLASSES.get(ref.id)
    return ARRAY_CLASSES.get(ref.id) if isinstance(ref, ArrayRef) else None


def validate(value: v.Value, ref: TypeRef, registry: TypeRegistry) -> None:
    """Check that ``value`` is of the type ``ref``.

    Any structure, enumeration or keyvalue with its id is a value of a type that ``registry`` does not know. Raises
    TypeMismatch (a TypeError), whose message starts with the path to the mistake:
    ``position.x: expected f64, got U8(5)``.
    """
    try:
        _validate(value, ref, registry, "")
    except RecursionError:
        raise TypeMismatch("nested too deeply", "") from None


def _validate(value: v.Value, ref: TypeRef, registry: TypeRegistry, path: str) -> None:
    """Raise TypeMismatch at ``path`` for a value of another kind, at its own path for a mistake inside the value."""
    if isinstance(ref, ScalarRef):
        matches = _scalar(value, ref.id, registry, path)
    elif isinstance(ref, OptionRef):
        matches = _option(value, ref, registry, path)
    elif isinstance(ref, MapRef):
        matches = _map(value, ref, registry, path)
    else:
        matches = _array(value, ref, registry, path)
    if not matches:
        raise TypeMismatch(f"expected {type_name(ref, registry)}, got {_described(value, registry)}", path)


def _scalar(value: v.Value, id: UUID, registry: TypeRegistry, path: str) -> bool:
    if id in DYNAMIC:
        return True
    expected = SCALAR_CLASSES.get(id)
    if expected is not None:
        return type(value) is expected
    record = registry.get(id)
    if record is None:
        return isinstance(value, (v.Structure, v.Enumeration, v.KeyValue)) and value.id == id
    if isinstance(record, StructureType):
        if not (isinstance(value, v.Structure) and value.id == id):
            return False
        _fields(value.fields, record, registry, path)
    else:
        if not (isinstance(value, v.Enumeration) and value.id == id):
            return False
        _variant(value.variant_id, value.value, record, registry, path)
    return True


def _option(value: v.Value, ref: OptionRef, registry: TypeRegistry, path: str) -> bool:
    if not isinstance(value, v.Option):
        return False
    if value.value is not None:
        _validate(value.value, ScalarRef(ref.id), registry, path)
    return True


def _map(value: v.Value, ref: MapRef, registry: TypeRegistry, path: str) -> bool:
    if not isinstance(value, v.KeyValue):
        return False
    for key, field in value.fields.items():
        # Unit decodes as a key without a value (ABI §1).
        item = v.Unit() if field.value is None else field.value
        _validate(item, ScalarRef(ref.value_id), registry, f"{path}[{key!r}]")
    return True


def _array(value: v.Value, ref: ArrayRef | FixedArrayRef, registry: TypeRegistry, path: str) -> bool:
    if not isinstance(value, (v.NumberArray, v.ItemArray)) or not _items(value, ref.id, registry, path):
        return False
    if isinstance(ref, FixedArrayRef) and len(value) != ref.length:
        raise TypeMismatch(f"expected {type_name(ref, registry)}, got {len(value)} items", path)
    return True


def _items(value: v.NumberArray | v.ItemArray, id: UUID, registry: TypeRegistry, path: str) -> bool:
    expected = ARRAY_CLASSES.get(id)
    if expected is not None:
        return type(value) is expected
    record = registry.get(id)
    if isinstance(value, v.ArrayStructure):
        if isinstance(record, StructureType) and value.id == id:
            for index, fields in enumerate(value.items):
                _fields(fields, record, registry, f"{path}[{index}]")
        return value.id == id and not isinstance(record, EnumerationType)
    if isinstance(value, v.ArrayEnumeration):
        if isinstance(record, EnumerationType) and value.id == id:
            for index, (variant_id, payload) in enumerate(value.items):
                _variant(variant_id, payload, record, registry, f"{path}[{index}]")
        return value.id == id and not isinstance(record, StructureType)
    if isinstance(value, v.ArrayValue) and record is None:
        for index, item in enumerate(value.items):
            _validate(item, ScalarRef(id), registry, f"{path}[{index}]")
        return True
    return False


def _fields(fields: Iterable[v.Field], record: StructureType, registry: TypeRegistry, path: str) -> None:
    """Check the fields of a structure: each declared field once, in any order."""
    declared = {field.id: field for field in record.fields}
    missing = dict(declared)
    for id, value in fields:
        field = declared.get(id)
        if field is None:
            raise TypeMismatch(f"{record.path} has no field {id}", path)
        if missing.pop(id, None) is None:
            raise TypeMismatch(f"field {field.name} is given twice", path)
        _validate(value, field.type, registry, _joined(path, field.name))
    for field in missing.values():
        raise TypeMismatch(f"field {field.name} of {record.path} is missing", path)


def _variant(id: UUID, value: v.Value, record: EnumerationType, registry: TypeRegistry, path: str) -> None:
    for variant in record.variants:
        if variant.id == id:
            return _validate(value, variant.type, registry, _joined(path, variant.name))
    raise TypeMismatch(f"{record.path} has no variant {id}", path)


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _described(value: v.Value, registry: TypeRegistry) -> str:
    if isinstance(value, (v.Structure, v.Enumeration, v.KeyValue, v.ArrayStructure, v.ArrayEnumeration)):
        return f"{type(value).__name__} of {id_name(value.id, registry)}"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
