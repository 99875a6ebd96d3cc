"""The value vocabulary: every typed datum an Arora buffer can hold (ABI §1).

Values are immutable, checked when they are made, and equal exactly when they encode to the same bytes:
a NaN equals itself, and -0.0 differs from 0.0. Constructors raise TypeError for the wrong kind of
Python object and ValueError for one out of range.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple, SupportsFloat, SupportsIndex, Union
from uuid import UUID

from . import numeric
from .numeric import NumberKind, described

IdLike = Union[UUID, str]
"""What constructors take for an id; it is kept as a UUID."""


class Tag(IntEnum):
    """The tag byte in front of every value on the wire (ABI §1)."""

    UNIT = 0
    BOOLEAN = 1
    U8 = 2
    U16 = 3
    U32 = 4
    U64 = 5
    I8 = 6
    I16 = 7
    I32 = 8
    I64 = 9
    F32 = 10
    F64 = 11
    STRING = 12
    STRUCTURE = 13
    ENUMERATION = 14
    ARRAY = 15
    KEY_VALUE = 16
    OPTION = 17
    UUID = 18
    VALUE = 19
    ERROR = 20


_set = object.__setattr__


class Value:
    """The root of all values. Attributes are set once, by the constructor."""

    __slots__ = ()

    tag: ClassVar[Tag]

    def _key(self) -> object:
        """Decides equality and hash: equal for values of equal encoding, and only for those."""
        raise NotImplementedError

    def _arguments(self) -> tuple[object, ...]:
        """What the constructor would have to be given to make this value again."""
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        assert isinstance(other, Value)
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash((type(self), self._key()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self._arguments()))})"

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), self._arguments()

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")


# --- scalars -------------------------------------------------------------------------------------


class Unit(Value):
    """The value that says nothing."""

    __slots__ = ()
    tag = Tag.UNIT

    def _key(self) -> object:
        return None

    def _arguments(self) -> tuple[object, ...]:
        return ()


class Scalar(Value):
    """The root of the values that hold one Python object."""

    __slots__ = ("value",)
    value: Any

    def _key(self) -> object:
        return self.value

    def _arguments(self) -> tuple[object, ...]:
        return (self.value,)


class Boolean(Scalar):
    """True or false."""

    __slots__ = ()
    tag = Tag.BOOLEAN
    value: bool

    def __init__(self, value: bool) -> None:
        _set(self, "value", numeric.boolean(value))


class Integer(Scalar):
    __slots__ = ()
    kind: ClassVar[NumberKind]
    value: int

    def __init__(self, value: SupportsIndex) -> None:
        if type(value) is not int or not self.kind.low <= value <= self.kind.high:
            value = numeric.integer(self.kind, value)
        _set(self, "value", value)


class U8(Integer):
    """An integer from 0 to 255."""

    __slots__ = ()
    tag, kind = Tag.U8, numeric.U8


class U16(Integer):
    """An integer from 0 to 2**16 - 1."""

    __slots__ = ()
    tag, kind = Tag.U16, numeric.U16


class U32(Integer):
    """An integer from 0 to 2**32 - 1."""

    __slots__ = ()
    tag, kind = Tag.U32, numeric.U32


class U64(Integer):
    """An integer from 0 to 2**64 - 1."""

    __slots__ = ()
    tag, kind = Tag.U64, numeric.U64


class I8(Integer):
    """An integer from -128 to 127."""

    __slots__ = ()
    tag, kind = Tag.I8, numeric.I8


class I16(Integer):
    """An integer from -2**15 to 2**15 - 1."""

    __slots__ = ()
    tag, kind = Tag.I16, numeric.I16


class I32(Integer):
    """An integer from -2**31 to 2**31 - 1."""

    __slots__ = ()
    tag, kind = Tag.I32, numeric.I32


class I64(Integer):
    """An integer from -2**63 to 2**63 - 1."""

    __slots__ = ()
    tag, kind = Tag.I64, numeric.I64


class _Float(Scalar):
    """Kept as its bytes, because a Python float cannot carry every NaN of an f32."""

    __slots__ = ("raw",)
    kind: ClassVar[NumberKind]
    value: float
    raw: bytes
    """The IEEE 754 bytes, little-endian."""

    def __init__(self, value: SupportsFloat) -> None:
        raw = struct.pack("<" + self.kind.code, numeric.floating(self.kind, value))
        _set(self, "raw", raw)
        _set(self, "value", struct.unpack("<" + self.kind.code, raw)[0])

    def _key(self) -> object:
        return self.raw

    def __reduce__(self) -> tuple[object, ...]:
        return float_from_raw, (type(self), self.raw)


class F32(_Float):
    """An IEEE 754 single. ``value`` is the number after rounding to single precision."""

    __slots__ = ()
    tag, kind = Tag.F32, numeric.F32


class F64(_Float):
    """An IEEE 754 double."""

    __slots__ = ()
    tag, kind = Tag.F64, numeric.F64


def float_from_raw(cls: type[_Float], raw: bytes) -> _Float:
    """A float value of exactly these little-endian bytes, NaN payload included."""
    value = object.__new__(cls)
    _set(value, "raw", raw)
    _set(value, "value", struct.unpack("<" + cls.kind.code, raw)[0])
    return value


class String(Scalar):
    """Text. Refuses lone surrogates, which UTF-8 cannot carry."""

    __slots__ = ()
    tag = Tag.STRING
    value: str

    def __init__(self, value: str) -> None:
        _set(self, "value", text(value))


class Uuid(Scalar):
    """A UUID."""

    __slots__ = ()
    tag = Tag.UUID
    value: UUID

    def __init__(self, value: IdLike) -> None:
        _set(self, "value", uuid(value))


# --- composites ----------------------------------------------------------------------------------


class Option(Value):
    """A value or nothing."""

    __slots__ = ("value",)
    tag = Tag.OPTION
    value: Value | None

    def __init__(self, value: Value | None = None) -> None:
        _set(self, "value", None if value is None else _checked(value))

    def _key(self) -> object:
        return self.value

    def _arguments(self) -> tuple[object, ...]:
        return (self.value,)


class Field(NamedTuple):
    """One field of a structure."""

    id: UUID
    value: Value


class Structure(Value):
    """Fields in the order they are written. ``id`` is the type's."""

    __slots__ = ("id", "fields")
    tag = Tag.STRUCTURE
    id: UUID
    fields: tuple[Field, ...]

    def __init__(self, id: IdLike, fields: Iterable[tuple[IdLike, Value]] = ()) -> None:
        _set(self, "id", uuid(id))
        _set(self, "fields", _fields(fields))

    def _key(self) -> object:
        return self.id, self.fields

    def _arguments(self) -> tuple[object, ...]:
        return self.id, self.fields


def structure_of(id: UUID, fields: tuple[Field, ...]) -> Structure:
    """A structure of parts that have been checked already: for decoders, and for what they decoded."""
    value = object.__new__(Structure)
    _set(value, "id", id)
    _set(value, "fields", fields)
    return value


class Enumeration(Value):
    """One variant of an enumeration, with what it carries (Unit for nothing)."""

    __slots__ = ("id", "variant_id", "value")
    tag = Tag.ENUMERATION
    id: UUID
    variant_id: UUID
    value: Value

    def __init__(self, id: IdLike, variant_id: IdLike, value: Value = Unit()) -> None:  # noqa: B008 - immutable
        _set(self, "id", uuid(id))
        _set(self, "variant_id", uuid(variant_id))
        _set(self, "value", _checked(value))

    def _key(self) -> object:
        return self.id, self.variant_id, self.value

    def _arguments(self) -> tuple[object, ...]:
        return self.id, self.variant_id, self.value


class KeyValueField(NamedTuple):
    """What stands under a key: a field id, and a value or None for "present, no value"."""

    id: UUID
    value: Value | None = None


class KeyValue(Value):
    """A map from text. ``fields`` is read-only and sorted by key, the order of the wire."""

    __slots__ = ("id", "fields")
    tag = Tag.KEY_VALUE
    id: UUID
    fields: Mapping[str, KeyValueField]

    def __init__(self, id: IdLike, fields: Mapping[str, tuple[IdLike, Value | None]] | None = None) -> None:
        entries = {text(key): _key_value_field(field) for key, field in (fields or {}).items()}
        _set(self, "id", uuid(id))
        _set(self, "fields", MappingProxyType(dict(sorted(entries.items()))))

    def _key(self) -> object:
        return self.id, tuple(self.fields.items())

    def _arguments(self) -> tuple[object, ...]:
        return self.id, dict(self.fields)


# --- arrays --------------------------------------------------------------------------------------


class _Array(Value):
    """A sequence: ``len``, iteration and indexing work on the value itself as on its ``items``."""

    __slots__ = ()
    tag = Tag.ARRAY
    element_tag: ClassVar[Tag]

    @property
    def items(self) -> Sequence[Any]:
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items)

    def __getitem__(self, index: int) -> Any:
        return self.items[index]

    def _arguments(self) -> tuple[object, ...]:
        return (list(self.items),)


class NumberArray(_Array):
    """Kept as the packed little-endian bytes of the wire: millions of items cost no Python objects."""

    __slots__ = ("raw",)
    kind: ClassVar[NumberKind]
    raw: bytes
    """The packed items, little-endian."""

    def __init__(self, items: object = ()) -> None:
        _set(self, "raw", numeric.pack(self.kind, items))

    @property
    def items(self) -> array[Any]:
        """A fresh ``array.array`` of the items (one copy)."""
        return numeric.unpack(self.kind, self.raw)

    def __len__(self) -> int:
        return len(self.raw) // self.kind.size

    def __repr__(self) -> str:
        shown = numeric.unpack(self.kind, self.raw[: 16 * self.kind.size]).tolist()
        if len(self) <= len(shown):
            return f"{type(self).__name__}({shown})"
        return f"<{type(self).__name__} of {len(self)}: {str(shown)[:-1]}, ...]>"

    def _key(self) -> object:
        return self.raw

    def __reduce__(self) -> tuple[object, ...]:
        return from_raw, (type(self), self.raw)


def from_raw(cls: type[NumberArray], raw: bytes) -> NumberArray:
    """A number array of exactly these packed little-endian bytes: for decoders, which have checked the length."""
    value = object.__new__(cls)
    _set(value, "raw", raw)
    return value


class ArrayU8(NumberArray):
    """u8[]."""

    __slots__ = ()
    element_tag, kind = Tag.U8, numeric.U8


class ArrayU16(NumberArray):
    """u16[]."""

    __slots__ = ()
    element_tag, kind = Tag.U16, numeric.U16


class ArrayU32(NumberArray):
    """u32[]."""

    __slots__ = ()
    element_tag, kind = Tag.U32, numeric.U32


class ArrayU64(NumberArray):
    """u64[]."""

    __slots__ = ()
    element_tag, kind = Tag.U64, numeric.U64


class ArrayI8(NumberArray):
    """i8[]."""

    __slots__ = ()
    element_tag, kind = Tag.I8, numeric.I8


class ArrayI16(NumberArray):
    """i16[]."""

    __slots__ = ()
    element_tag, kind = Tag.I16, numeric.I16


class ArrayI32(NumberArray):
    """i32[]."""

    __slots__ = ()
    element_tag, kind = Tag.I32, numeric.I32


class ArrayI64(NumberArray):
    """i64[]."""

    __slots__ = ()
    element_tag, kind = Tag.I64, numeric.I64


class ArrayF32(NumberArray):
    """f32[]."""

    __slots__ = ()
    element_tag, kind = Tag.F32, numeric.F32


class ArrayF64(NumberArray):
    """f64[]."""

    __slots__ = ()
    element_tag, kind = Tag.F64, numeric.F64


class ItemArray(_Array):
    """An array kept as a tuple of Python objects."""

    __slots__ = ("_items",)
    _items: tuple[Any, ...]

    @property
    def items(self) -> tuple[Any, ...]:
        return self._items

    def _key(self) -> object:
        return self._items


class ArrayBoolean(ItemArray):
    """bool[]."""

    __slots__ = ()
    element_tag = Tag.BOOLEAN

    def __init__(self, items: Iterable[bool] = ()) -> None:
        _set(self, "_items", tuple(_each(numeric.boolean, items)))


class ArrayString(ItemArray):
    """str[]."""

    __slots__ = ()
    element_tag = Tag.STRING

    def __init__(self, items: Iterable[str] = ()) -> None:
        _set(self, "_items", tuple(_each(text, items)))


class ArrayValue(ItemArray):
    """value[]: each item is any value at all."""

    __slots__ = ()
    element_tag = Tag.VALUE

    def __init__(self, items: Iterable[Value] = ()) -> None:
        _set(self, "_items", tuple(_each(_checked, items)))


class ArrayStructure(ItemArray):
    """Structures of one type; each item is the tuple of a structure's fields."""

    __slots__ = ("id",)
    element_tag = Tag.STRUCTURE
    id: UUID

    def __init__(self, id: IdLike, items: Iterable[Iterable[tuple[IdLike, Value]]] = ()) -> None:
        _set(self, "id", uuid(id))
        _set(self, "_items", tuple(_each(_fields, items)))

    def _key(self) -> object:
        return self.id, self._items

    def _arguments(self) -> tuple[object, ...]:
        return self.id, list(self._items)


class Variant(NamedTuple):
    """One item of an ArrayEnumeration: the variant and what it carries."""

    variant_id: UUID
    value: Value


class ArrayEnumeration(ItemArray):
    """Variants of one enumeration."""

    __slots__ = ("id",)
    element_tag = Tag.ENUMERATION
    id: UUID

    def __init__(self, id: IdLike, items: Iterable[tuple[IdLike, Value]] = ()) -> None:
        _set(self, "id", uuid(id))
        _set(self, "_items", tuple(_each(_variant, items)))

    def _key(self) -> object:
        return self.id, self._items

    def _arguments(self) -> tuple[object, ...]:
        return self.id, list(self._items)


INTEGERS: tuple[type[Integer], ...] = (U8, U16, U32, U64, I8, I16, I32, I64)
NUMBER_ARRAYS: tuple[type[NumberArray], ...] = (
    ArrayU8, ArrayU16, ArrayU32, ArrayU64, ArrayI8, ArrayI16, ArrayI32, ArrayI64, ArrayF32, ArrayF64,
)  # fmt: skip


# --- what constructors take ----------------------------------------------------------------------


def uuid(value: object) -> UUID:
    """``value`` as a UUID; its text will do."""
    if isinstance(value, UUID):
        return value
    if not isinstance(value, str):
        raise TypeError(f"expected a UUID, got {described(value)}")
    try:
        return UUID(value)
    except ValueError:
        raise ValueError(f"{value!r} is not a UUID") from None


def text(value: object) -> str:
    """``value`` as text that UTF-8 can carry."""
    if not isinstance(value, str):
        raise TypeError(f"expected a str, got {described(value)}")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"lone surrogate at character {error.start}, which UTF-8 cannot carry") from None
    return value


def _checked(value: object) -> Value:
    if not isinstance(value, Value):
        raise TypeError(f"expected a value of arora_core.values, got {described(value)}")
    return value


def _each(check: Any, items: Iterable[Any]) -> Iterator[Any]:
    if isinstance(items, (str, bytes, Mapping)):
        raise TypeError(f"expected a sequence, got {described(items)}")
    for index, item in enumerate(items):
        try:
            yield check(item)
        except (TypeError, ValueError) as error:
            raise type(error)(f"[{index}]: {error}") from None


def _fields(fields: Iterable[tuple[IdLike, Value]]) -> tuple[Field, ...]:
    return tuple(Field(uuid(id), _checked(value)) for id, value in fields)


def _variant(item: tuple[IdLike, Value]) -> Variant:
    variant_id, value = item
    return Variant(uuid(variant_id), _checked(value))


def _key_value_field(field: tuple[IdLike, Value | None]) -> KeyValueField:
    id, value = field
    # Unit is how the wire writes "no value", so the two are one.
    present = value is not None and type(value) is not Unit
    return KeyValueField(uuid(id), _checked(value) if present else None)
