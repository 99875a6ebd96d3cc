"""Plain Python to values and back, by declared type.

For each type a converter is made once, when a module is loaded: the lookups in the registry are done by then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from .. import values as v
from ..types import (
    ARRAY_CLASSES,
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
from ..values.numeric import described
from .converter import Converter, at, each, exactly, text_keyed
from .record_conversion import EnumerationConverter, StructureConverter


class Conversions:
    """The converters for the types of one registry, each made once."""

    def __init__(self, registry: TypeRegistry) -> None:
        self._registry = registry
        self._made: dict[TypeRef, Converter] = {}

    def of(self, ref: TypeRef) -> Converter:
        """The converter of a type."""
        made = self._made.get(ref)
        if made is None:
            # A record may contain itself: while its converter is being made, others reach it late.
            self._made[ref] = Converter(
                lambda given: self._made[ref].to_value(given), lambda value: self._made[ref].to_python(value)
            )
            made = self._made[ref] = self._make(ref)
        return made

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
                lambda given: v.Structure(id, structure.to_fields(given)),
                lambda value: structure.to_python(_of_record(v.Structure, record, value).fields),
            )
        if isinstance(record, EnumerationType):
            enumeration = EnumerationConverter(record, self.of)
            return Converter(
                lambda given: v.Enumeration(id, *enumeration.to_variant(given)),
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
                lambda given: v.ArrayStructure(id, each(structure.to_fields, _records(given))),
                lambda value: list(each(structure.to_python, _of_record(v.ArrayStructure, record, value).items)),
            )
        if isinstance(record, EnumerationType):
            enumeration = EnumerationConverter(record, self.of)
            return Converter(
                lambda given: v.ArrayEnumeration(id, each(enumeration.to_variant, _records(given))),
                lambda value: list(
                    each(lambda item: enumeration.to_python(*item), _of_record(v.ArrayEnumeration, record, value).items)
                ),
            )
        if known is None and id not in SCALAR_CLASSES:
            return _undeclared(id, (v.ArrayStructure, v.ArrayEnumeration, v.ArrayValue))
        return _values(self.of(ScalarRef(id)))


def _well_known(cls: type[v.Value]) -> Converter:
    """Scalars, and arrays of plain items: the value's constructor does the checking."""

    make: Callable[[Any], v.Value] = cls

    def to_value(given: Any) -> v.Value:
        if isinstance(given, cls):
            return given
        if cls is v.Unit:
            if given is not None:
                raise TypeMismatch(f"expected None, got {described(given)}", "")
            return v.Unit()
        try:
            return make(given)
        except (TypeError, ValueError) as error:
            raise TypeMismatch(str(error), "") from None

    return Converter(to_value, lambda value: to_plain(exactly(cls, value)))


def to_plain(value: v.Value) -> Any:
    """The plain Python of a value of a well-known type: a u8[] as bytes, other number arrays as ``array.array``,
    arrays of other things as lists, unit as None."""
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
        lambda given: checked(array.to_value(given)),
        lambda value: array.to_python(checked(value)),
    )


def _option(inner: Converter) -> Converter:
    def to_value(given: Any) -> v.Value:
        carried = given.value if isinstance(given, v.Option) else given
        return v.Option(None if carried is None else inner.to_value(carried))

    def to_python(value: v.Value) -> Any:
        carried = exactly(v.Option, value).value
        return None if carried is None else inner.to_python(carried)

    return Converter(to_value, to_python)


def _map(inner: Converter) -> Converter:
    def entry(given: Any) -> v.Value | None:
        return None if given is None else inner.to_value(given)

    def to_value(given: Any) -> v.Value:
        if isinstance(given, v.KeyValue):
            to_python(given)
            return given
        fields = text_keyed(given, "a mapping with text for keys")
        return v.KeyValue(KEY_VALUE, {key: (NO_FIELD, at(f"[{key!r}]", entry, item)) for key, item in fields.items()})

    def to_python(value: v.Value) -> Any:
        return {
            key: None if field.value is None else at(f"[{key!r}]", inner.to_python, field.value)
            for key, field in exactly(v.KeyValue, value).fields.items()
        }

    return Converter(to_value, to_python)


def _values(inner: Converter) -> Converter:
    """An array of things that arrays can hold only as dynamic values."""

    def to_value(given: Any) -> v.Value:
        return v.ArrayValue(each(inner.to_value, given.items if type(given) is v.ArrayValue else given))

    return Converter(to_value, lambda value: list(each(inner.to_python, exactly(v.ArrayValue, value).items)))


def _any_value(given: Any) -> v.Value:
    if not isinstance(given, v.Value):
        raise TypeMismatch(f"expected a value of arora_core.values, got {described(given)}", "")
    return given


_DYNAMIC: Final = Converter(_any_value, _any_value)
_MAP_OF_VALUES: Final = _map(_DYNAMIC)


def _key_values() -> Converter:
    """The type keyvalue: a mapping of values. Being dynamic (ABI §2), it lets any other value through as well."""

    def choose(direction: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return lambda given: (
            _any_value(given) if isinstance(given, v.Value) and type(given) is not v.KeyValue else direction(given)
        )

    return Converter(choose(_MAP_OF_VALUES.to_value), choose(_MAP_OF_VALUES.to_python))


_KEY_VALUES: Final = _key_values()


def _undeclared(id: UUID, classes: tuple[type[v.Value], ...]) -> Converter:
    """A type that no record declares: only ready-made values of that id, and they come back as they are."""

    def checked(given: object) -> v.Value:
        if not isinstance(given, classes) or getattr(given, "id", id) != id:
            names = " or ".join(cls.__name__ for cls in classes)
            raise TypeMismatch(
                f"no record declares the type {id}: expected a {names} of it, got {described(given)}", ""
            )
        return given

    return Converter(checked, checked)


def _of_record(cls: type[Any], record: StructureType | EnumerationType, value: Any) -> Any:
    if type(value) is not cls or value.id != record.id:
        raise TypeMismatch(f"expected {record.path} ({cls.__name__}), got {value!r}", "")
    return value


def _records(given: object) -> object:
    """The items of a ready-made array of records, each as a record of its own; anything else as it is."""
    if isinstance(given, v.ArrayStructure):
        return [v.Structure(given.id, fields) for fields in given.items]
    if isinstance(given, v.ArrayEnumeration):
        return [v.Enumeration(given.id, *variant) for variant in given.items]
    return given


def _variant_of(value: v.Enumeration) -> tuple[UUID, v.Value]:
    return value.variant_id, value.value
