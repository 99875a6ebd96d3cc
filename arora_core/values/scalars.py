"""Scalar values: unit, booleans, numbers, text and UUIDs."""

from __future__ import annotations

import struct
from typing import Any, Final, SupportsFloat, SupportsIndex
from uuid import UUID

from . import kinds, numeric
from .base import IdLike, Value, set_once, text, uuid


class Unit(Value, kind=kinds.UNIT):
    """The empty value."""

    __slots__ = ()

    def _key(self) -> object:
        return None

    def _arguments(self) -> tuple[object, ...]:
        return ()


class Scalar(Value):
    """The root of the values that hold one Python object, as ``value``."""

    __slots__ = ("value",)
    value: Any

    def _key(self) -> object:
        return self.value

    def _arguments(self) -> tuple[object, ...]:
        return (self.value,)


class Boolean(Scalar, kind=kinds.BOOLEAN):
    """True or false."""

    __slots__ = ()
    value: bool

    def __init__(self, value: bool) -> None:
        set_once(self, "value", numeric.boolean(value))


class Integer(Scalar):
    """An integer from ``kind.low`` to ``kind.high``."""

    __slots__ = ()
    value: int

    def __init__(self, value: SupportsIndex) -> None:
        if type(value) is not int or not self.kind.low <= value <= self.kind.high:
            value = numeric.integer(self.kind, value)
        set_once(self, "value", value)


class U8(Integer, kind=kinds.U8):
    __slots__ = ()


class U16(Integer, kind=kinds.U16):
    __slots__ = ()


class U32(Integer, kind=kinds.U32):
    __slots__ = ()


class U64(Integer, kind=kinds.U64):
    __slots__ = ()


class I8(Integer, kind=kinds.I8):
    __slots__ = ()


class I16(Integer, kind=kinds.I16):
    __slots__ = ()


class I32(Integer, kind=kinds.I32):
    __slots__ = ()


class I64(Integer, kind=kinds.I64):
    __slots__ = ()


class Float(Scalar):
    """A floating-point number. Its bytes are kept as well: a Python float cannot represent every NaN of an f32."""

    __slots__ = ("raw",)
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


class F32(Float, kind=kinds.F32):
    """An IEEE 754 single. ``value`` is the number after rounding to single precision."""

    __slots__ = ()


class F64(Float, kind=kinds.F64):
    """An IEEE 754 double."""

    __slots__ = ()


def float_from_raw(cls: type[Float], raw: bytes) -> Float:
    """Return the float value of these little-endian bytes, NaN payload included."""
    value = object.__new__(cls)
    set_once(value, "raw", raw)
    set_once(value, "value", struct.unpack("<" + cls.kind.code, raw)[0])
    return value


class String(Scalar, kind=kinds.STRING):
    """Text. Lone surrogates are a ValueError: UTF-8 cannot encode them."""

    __slots__ = ()
    value: str

    def __init__(self, value: str) -> None:
        set_once(self, "value", text(value))


class Uuid(Scalar, kind=kinds.UUID):
    """A UUID."""

    __slots__ = ()
    value: UUID

    def __init__(self, value: IdLike) -> None:
        set_once(self, "value", uuid(value))


INTEGERS: Final = tuple(Integer.__subclasses__())
FLOATS: Final = tuple(Float.__subclasses__())
SCALARS: Final[tuple[type[Scalar], ...]] = (Boolean, *INTEGERS, *FLOATS, String, Uuid)
"""The classes of values that hold one Python object."""
