"""Conversion of plain Python objects to values and back, by declared type.

Each type has one converter, made when a module is loaded: calls look nothing up in the registry.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from .. import values as v
from ..buffers.wire import MAX_DEPTH
from ..types import (
    ARRAY_CLASSES,
    DYNAMIC,
    SCALAR_CLASSES,
    ArrayRef,
    EnumerationType,
    FixedArrayRef,
    MapRef,
    OptionRef,
    ScalarRef,
    StructureType,
    TypeMismatch,
    TypeRef,
    TypeRegistry,
)
from ..types.references import KEY_VALUE, NO_FIELD, VALUE
from ..values.sequences import described
from .converter import Converter, convert_at, convert_each, expect_class, text_keyed
from .record_conversion import EnumerationConverter, StructureConverter

_MOST_AT_ONCE: Final = 32
"""Levels of nested types whose converters are made together. Records may be declared in chains of thousands."""


class _Progress(threading.local):
    """What a thread is doing."""

    def __init__(self) -> None:
        self.making: set[TypeRef] = set()
        """The types whose converters are being made, each within the one before."""
        self.nested = 0
        """Conversions by converters that were made later, each within the one before."""


class Conversions:
    """The converters for the types of one registry, each made on first use."""

    def __init__(self, registry: TypeRegistry) -> None:
        self._registry = registry
        self._made: dict[TypeRef, Converter] = {}
        self._progress = _Progress()

    def of(self, ref: TypeRef) -> Converter:
        """Return the converter of a type."""
        made = self._made.get(ref)
        if made is not None:
            return made
        making = self._progress.making
        if ref in making or len(making) >= _MOST_AT_ONCE:
            return self._later(ref)
        making.add(ref)
        try:
            made = self._made[ref] = self._make(ref)
        finally:
            making.discard(ref)
        return made

    def _later(self, ref: TypeRef) -> Converter:
        """Return a converter that is made when it is used: of a record within itself, or at the end of a long chain."""
        return Converter(
            lambda obj: self._nested(ref, obj),
            lambda value: self.of(ref).to_python(value),
        )

    def _nested(self, ref: TypeRef, obj: object) -> v.Value:
        """Convert an object. An object of a type that contains itself can contain itself, too, or nest without end."""
        progress = self._progress
        if progress.nested >= MAX_DEPTH:
            raise TypeMismatch(f"nested deeper than {MAX_DEPTH} levels", "")
        progress.nested += 1
        try:
            return self.of(ref).to_value(obj)
        finally:
            progress.nested -= 1

    def _make(self, ref: TypeRef) -> Converter:
        if isinstance(ref, ScalarRef):
            return self._scalar(ref.id)
        if isinstance(ref, ArrayRef):
            return self._array(ref.id)
        if isinstance(ref, FixedArrayRef):
            return _of_length(ref.length, self._array(ref.id))
        if isinstance(ref, OptionRef):
            return _option(self.of(ScalarRef(ref.id)))
        assert isinstance(ref, MapRef)
        return _map(self.of(ScalarRef(ref.value_id)))

    def _scalar(self, id: UUID) -> Converter:
        if id == VALUE:
            return _DYNAMIC
        if id == KEY_VALUE:
            return _KEY_VALUES
        known = SCALAR_CLASSES.get(id)
        if known is not None:
            return _well_known(known)
        record = self._registry.get(id)
        if isinstance(record, StructureType):
            structure = StructureConverter(record, self.of)
            return Converter(
                lambda obj: v.Structure(id, structure.to_fields(obj)),
                lambda value: structure.to_python(_of_record(v.Structure, record, value).fields),
            )
        if isinstance(record, EnumerationType):
            enumeration = EnumerationConverter(record, self.of)
            return Converter(
                lambda obj: v.Enumeration(id, *enumeration.to_variant(obj)),
                lambda value: enumeration.to_python(*_variant_of(_of_record(v.Enumeration, record, value))),
            )
        return _undeclared(id, (v.Structure, v.Enumeration, v.KeyValue))

    def _array(self, id: UUID) -> Converter:
        known = ARRAY_CLASSES.get(id)
        if known is not None and known is not v.ArrayValue:
            return _well_known(known)
        record = self._registry.get(id)
        if isinstance(record, StructureType):
            structure = StructureConverter(record, self.of)
            return Converter(
                lambda obj: v.ArrayStructure(id, list(convert_each(structure.to_fields, _records(obj)))),
                lambda value: list(
                    convert_each(structure.to_python, _of_record(v.ArrayStructure, record, value).items)
                ),
            )
        if isinstance(record, EnumerationType):
            enumeration = EnumerationConverter(record, self.of)
            return Converter(
                lambda obj: v.ArrayEnumeration(id, list(convert_each(enumeration.to_variant, _records(obj)))),
                lambda value: list(
                    convert_each(
                        lambda item: enumeration.to_python(*item), _of_record(v.ArrayEnumeration, record, value).items
                    )
                ),
            )
        if known is None and id not in SCALAR_CLASSES and id not in DYNAMIC:
            return _undeclared(id, (v.ArrayStructure, v.ArrayEnumeration, v.ArrayValue))
        return _values(self.of(ScalarRef(id)))


def _well_known(cls: type[v.Value]) -> Converter:
    """Return the converter of a scalar or an array of plain items, whose constructor does the checking."""

    make: Callable[[Any], v.Value] = cls

    def to_value(obj: Any) -> v.Value:
        if isinstance(obj, cls):
            return obj
        if cls is v.Unit:
            if obj is not None:
                raise TypeMismatch(f"expected None, got {described(obj)}", "")
            return v.Unit()
        try:
            return make(obj)
        except (TypeError, ValueError) as error:
            raise TypeMismatch(str(error), "") from None

    return Converter(to_value, lambda value: to_plain(expect_class(cls, value)))


def to_plain(value: v.Value) -> Any:
    """Return a value of a well-known type as plain Python.

    u8[] becomes bytes, other number arrays ``array.array``, other arrays lists, and unit None.
    """
    if isinstance(value, v.ArrayU8):
        return value.raw
    if isinstance(value, v.NumberArray):
        return value.items
    if isinstance(value, v.ItemArray):
        return list(value.items)
    return value.value if isinstance(value, (v.Scalar, v.Option)) else None


def _of_length(length: int, array: Converter) -> Converter:
    def checked(value: v.Value) -> v.Value:
        if isinstance(value, (v.NumberArray, v.ItemArray)) and len(value) != length:
            raise TypeMismatch(f"expected {length} items, got {len(value)}", "")
        return value

    return Converter(
        lambda obj: checked(array.to_value(obj)),
        lambda value: array.to_python(checked(value)),
    )


def _option(inner: Converter) -> Converter:
    def to_value(obj: Any) -> v.Value:
        payload = obj.value if isinstance(obj, v.Option) else obj
        return v.Option(None if payload is None else inner.to_value(payload))

    def to_python(value: v.Value) -> Any:
        payload = expect_class(v.Option, value).value
        return None if payload is None else inner.to_python(payload)

    return Converter(to_value, to_python)


def _map(inner: Converter) -> Converter:
    def entry(obj: Any) -> v.Value | None:
        return None if obj is None else inner.to_value(obj)

    def to_value(obj: Any) -> v.Value:
        if isinstance(obj, v.KeyValue):
            to_python(obj)
            return obj
        fields = text_keyed(obj, "a mapping with text for keys")
        entries = {key: (NO_FIELD, convert_at(f"[{key!r}]", entry, item)) for key, item in fields.items()}
        try:
            return v.KeyValue(KEY_VALUE, entries)
        except ValueError as error:
            raise TypeMismatch(f"one of its keys has a {error}", "") from None

    def to_python(value: v.Value) -> Any:
        return {
            key: None if field.value is None else convert_at(f"[{key!r}]", inner.to_python, field.value)
            for key, field in expect_class(v.KeyValue, value).fields.items()
        }

    return Converter(to_value, to_python)


def _values(inner: Converter) -> Converter:
    """Return the converter of an array whose items the wire encodes as dynamic values."""

    def to_value(obj: Any) -> v.Value:
        return v.ArrayValue(list(convert_each(inner.to_value, obj.items if type(obj) is v.ArrayValue else obj)))

    return Converter(
        to_value, lambda value: list(convert_each(inner.to_python, expect_class(v.ArrayValue, value).items))
    )


def _any_value(obj: Any) -> v.Value:
    if not isinstance(obj, v.Value):
        raise TypeMismatch(f"expected a value of arora_core.values, got {described(obj)}", "")
    return obj


_DYNAMIC: Final = Converter(_any_value, _any_value)
_MAP_OF_VALUES: Final = _map(_DYNAMIC)


def _key_values() -> Converter:
    """Return the converter of keyvalue: a mapping of values or, as the type is dynamic (ABI §2), any other value."""

    def choose(direction: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return lambda obj: (
            _any_value(obj) if isinstance(obj, v.Value) and type(obj) is not v.KeyValue else direction(obj)
        )

    return Converter(choose(_MAP_OF_VALUES.to_value), choose(_MAP_OF_VALUES.to_python))


_KEY_VALUES: Final = _key_values()


def _undeclared(id: UUID, classes: tuple[type[v.Value], ...]) -> Converter:
    """Return the converter of a type that no record declares: values of that id pass through in both directions."""

    def checked(obj: object) -> v.Value:
        if not isinstance(obj, classes) or getattr(obj, "id", id) != id:
            names = " or ".join(cls.__name__ for cls in classes)
            raise TypeMismatch(f"no record declares the type {id}: expected a {names} of it, got {described(obj)}", "")
        return obj

    return Converter(checked, checked)


def _of_record(cls: type[Any], record: StructureType | EnumerationType, value: Any) -> Any:
    if type(value) is not cls or value.id != record.id:
        raise TypeMismatch(f"expected {record.path} ({cls.__name__}), got {value!r}", "")
    return value


def _records(obj: object) -> object:
    """Return the items of a value that is an array of records, each as one record; anything else unchanged."""
    if isinstance(obj, v.ArrayStructure):
        return [v.Structure(obj.id, fields) for fields in obj.items]
    if isinstance(obj, v.ArrayEnumeration):
        return [v.Enumeration(obj.id, *variant) for variant in obj.items]
    return obj


def _variant_of(value: v.Enumeration) -> tuple[UUID, v.Value]:
    return value.variant_id, value.value
