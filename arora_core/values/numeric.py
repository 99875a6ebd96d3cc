"""Numbers and booleans: conversion from Python objects, and packing arrays of them.

A number is kept exactly or rejected: nothing wraps, truncates or turns a bool into 1. All functions raise TypeError
for the wrong kind of object and ValueError for one out of range.
"""

from __future__ import annotations

import math
import numbers
import operator
import struct
import sys
from array import array
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, Union

from .kinds import Kind
from .sequences import described, refuse_masks_and_times, sequence_of

Number = Union[int, float]


_BIG_ENDIAN_HOST: Final = sys.byteorder == "big"
_FORMATS: Final = {
    code: frozenset(order + letter for order in ("", *"@=<>!") for letter in letters)
    for letters in ("bhilqn", "BHILQN", "fd")
    for code in letters
}
"""The buffer formats that a number type may have, by its code. Those of the right item size match: on platforms where
a long has 8 bytes, both ``l`` and ``q`` are i64."""


EXACT: Final = {4: 1 << 24, 8: 1 << 53}
"""By the size of a float, the integer up to which, with either sign, it represents every integer."""


def _unwrapped(value: Any) -> Any:
    """Return the Python scalar in a NumPy scalar or zero-dimensional array; anything else unchanged."""
    refuse_masks_and_times(value)
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        return value.item()
    return value


def integer(kind: Kind, value: object) -> int:
    """Return ``value`` as an int in the range of ``kind``."""
    if type(value) is not int:
        value = _unwrapped(value)
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            raise TypeError(f"expected an integer ({kind}), got {described(value)}")
        value = operator.index(value)
    assert isinstance(value, int)
    if not kind.low <= value <= kind.high:
        raise ValueError(f"{value} is out of range for {kind} ({kind.low} to {kind.high})")
    return value


def floating(kind: Kind, value: object) -> float:
    """Return ``value`` as a float in the range of ``kind``.

    A float is not rounded to the kind's precision here. Any other number has to be exact in it.
    """
    if type(value) is not float:
        value = _exact(kind, value)
    if kind.size < 8:
        try:
            struct.pack("<" + kind.code, value)
        except OverflowError:
            raise ValueError(f"{value!r} is out of range for {kind}") from None
    assert isinstance(value, float)
    return value


def _exact(kind: Kind, value: object) -> float:
    value = _unwrapped(value)
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"expected a number ({kind}), got {described(value)}")
    try:
        made = float(value)
        kept = made if isinstance(value, float) else _rounded(kind, made)
    except OverflowError:
        raise ValueError(f"{described(value)} is out of range for {kind}") from None
    if kept != value and not math.isnan(made):
        raise ValueError(f"{described(value)} is not exact as {kind}; convert it to a float to round it")
    return made


def _rounded(kind: Kind, value: float) -> float:
    rounded: float = struct.unpack("<" + kind.code, struct.pack("<" + kind.code, value))[0]
    return rounded


def number(kind: Kind, value: object) -> Number:
    """Return ``value`` as an int or float in the range of ``kind``."""
    return floating(kind, value) if kind.is_float else integer(kind, value)


def boolean(value: object) -> bool:
    """Return ``value``, a bool or a NumPy bool, as a bool."""
    if type(value) is not bool:
        value = _unwrapped(value)
    if not isinstance(value, bool):
        raise TypeError(f"expected a bool, got {described(value)}")
    return value


def pack(kind: Kind, items: object) -> bytes:
    """Return the little-endian bytes of ``items``: any buffer or sequence of numbers in the range of ``kind``.

    A one-dimensional buffer of exactly that item type is copied once. Anything else is checked item by item; the error
    about an item starts with its index: ``[3]: 300 is out of range for u8 (0 to 255)``.
    """
    return bytes(packed(kind, items))


def packed(kind: Kind, items: object) -> bytes | memoryview:
    """Return what :func:`pack` returns or, without a copy, a view of the bytes where ``items`` already holds them."""
    if type(items) is list or type(items) is tuple:
        return _pack_sequence(kind, items)
    if _may_hide_items(type(items)):  # type: ignore[arg-type]  # Classes are hashable.
        refuse_masks_and_times(items)
    view = _view(items)
    if view is not None:
        if view.ndim != 1:
            raise TypeError(f"expected one dimension, got an array of shape {view.shape}")
        if view.itemsize == kind.size and view.format in _FORMATS[kind.code]:
            return _little_endian(kind, view)
        if isinstance(items, (bytes, bytearray)):
            raise TypeError(f"expected numbers ({kind}), got {type(items).__name__}")
        if not hasattr(items, "tolist"):
            items = _items(kind, view)
    # A list, because the length of another sequence may differ from one look to the next.
    return _pack_sequence(kind, list(sequence_of(items, f"a sequence of {kind}")))


def unpack(kind: Kind, raw: bytes | memoryview) -> array[Any]:
    """Return the numbers in little-endian bytes as an ``array.array`` of the kind's type code (one copy)."""
    items = array(kind.code)
    items.frombytes(raw)
    if _BIG_ENDIAN_HOST:
        items.byteswap()
    return items


@lru_cache(maxsize=64)
def _may_hide_items(cls: type) -> bool:
    return hasattr(cls, "mask")


def _view(items: object) -> memoryview | None:
    try:
        return memoryview(items)  # type: ignore[arg-type]
    except (TypeError, ValueError, BufferError):
        return None


def _items(kind: Kind, view: memoryview) -> list[Any]:
    """Return the items of a one-dimensional view, also where its format names a byte order, as that of ctypes does."""
    try:
        return [item for (item,) in struct.iter_unpack(view.format, view.tobytes())]
    except (struct.error, ValueError):
        raise TypeError(f"expected numbers ({kind}), got items of the format {view.format!r}") from None


def _little_endian(kind: Kind, view: memoryview) -> bytes | memoryview:
    big = view.format[0] in ">!" or (_BIG_ENDIAN_HOST and view.format[0] != "<")
    if big and kind.size > 1:
        items = array(kind.code, view.tobytes())
        items.byteswap()
        return items.tobytes()
    if not view.c_contiguous:
        return view.tobytes()
    # The bytes are right whatever byte order the format names, but ``cast`` accepts only one-letter formats.
    if len(view.format) == 1:
        return view.cast("B")
    from pickle import PickleBuffer

    return PickleBuffer(view).raw()


def _pack_sequence(kind: Kind, items: Sequence[Any]) -> bytes:
    types = set(map(type, items))
    plain = types <= {int, float} if kind.is_float else types <= {int}
    if not plain or (kind.is_float and int in types and not _all_exact(kind, items)):
        items = [_item(kind, index, item) for index, item in enumerate(items)]
    try:
        return struct.pack(f"<{len(items)}{kind.code}", *items)
    except (struct.error, OverflowError):
        # Find the item at fault, for the message: packing rejects exactly what `number` rejects.
        for index, item in enumerate(items):
            _item(kind, index, item)
        raise TypeError(f"expected a sequence of {kind}, got one that changed while it was read") from None


def _all_exact(kind: Kind, items: Sequence[Number]) -> bool:
    """Return whether the integers among the items are surely exact."""
    most = EXACT[kind.size]
    # The norm is a fast bound: no item is larger, apart from an error far below the half.
    try:
        if math.hypot(*items) < most >> 1:
            return True
    except OverflowError:
        pass
    return max(abs(item) for item in items if type(item) is int) <= most


def _item(kind: Kind, index: int, item: object) -> Number:
    try:
        return number(kind, item)
    except (TypeError, ValueError) as error:
        raise type(error)(f"[{index}]: {error}") from None
