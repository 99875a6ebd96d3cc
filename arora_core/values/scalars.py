"""The values that hold one Python object: unit, booleans, numbers, text and UUIDs."""

from __future__ import annotations

import struct
from typing import Any, ClassVar, SupportsFloat, SupportsIndex
from uuid import UUID

from . import numeric
from .base import IdLike, Tag, Value, set_once, text, uuid
from .numeric import NumberKind


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
        set_once(self, "value", numeric.boolean(value))


class Integer(Scalar):
    __slots__ = ()
    kind: ClassVar[NumberKind]
    value: int

    def __init__(self, value: SupportsIndex) -> None:
        if type(value) is not int or not self.kind.low <= value <= self.kind.high:
            value = numeric.integer(self.kind, value)
        set_once(self, "value", value)


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
        set_once(self, "raw", raw)
        set_once(self, "value", struct.unpack("<" + self.kind.code, raw)[0])

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
    set_once(value, "raw", raw)
    set_once(value, "value", struct.unpack("<" + cls.kind.code, raw)[0])
    return value


class String(Scalar):
    """Text. Refuses lone surrogates, which UTF-8 cannot carry."""

    __slots__ = ()
    tag = Tag.STRING
    value: str

    def __init__(self, value: str) -> None:
        set_once(self, "value", text(value))


class Uuid(Scalar):
    """A UUID."""

    __slots__ = ()
    tag = Tag.UUID
    value: UUID

    def __init__(self, value: IdLike) -> None:
        set_once(self, "value", uuid(value))


INTEGERS: tuple[type[Integer], ...] = (U8, U16, U32, U64, I8, I16, I32, I64)
