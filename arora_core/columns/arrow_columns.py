"""Arrow arrays, from any library: read through Arrow's C data interface, without that library or Arrow itself.

Reference: https://arrow.apache.org/docs/format/CDataInterface/PyCapsuleInterface.html
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int, c_int64, c_void_p
from typing import Any, Final

from ..errors import ArgumentError
from .numpy_package import Array

_TYPES: Final = {
    "c": "i1", "C": "u1", "s": "<i2", "S": "<u2", "i": "<i4", "I": "<u4", "l": "<i8", "L": "<u8",
    "e": "<f2", "f": "<f4", "g": "<f8",
}  # fmt: skip
"""NumPy's types by Arrow's formats of numbers."""
_BOOLEAN: Final = "b"
_VALIDITY, _VALUES = 0, 1


class _Schema(ctypes.Structure):
    """``struct ArrowSchema``, as far as it is read."""

    _fields_ = [("format", c_char_p), ("rest", c_void_p * 6), ("release", c_void_p), ("private", c_void_p)]


class _Array(ctypes.Structure):
    """``struct ArrowArray``."""

    _fields_ = [
        ("length", c_int64),
        ("null_count", c_int64),
        ("offset", c_int64),
        ("n_buffers", c_int64),
        ("n_children", c_int64),
        ("buffers", POINTER(c_void_p)),
        ("children", c_void_p),
        ("dictionary", c_void_p),
        ("release", c_void_p),
        ("private", c_void_p),
    ]


class _Stream(ctypes.Structure):
    """``struct ArrowArrayStream``."""

    _fields_ = [
        ("get_schema", CFUNCTYPE(c_int, c_void_p, POINTER(_Schema))),
        ("get_next", CFUNCTYPE(c_int, c_void_p, POINTER(_Array))),
        ("get_last_error", CFUNCTYPE(c_char_p, c_void_p)),
        ("release", c_void_p),
        ("private", c_void_p),
    ]


def is_arrow(given: object) -> bool:
    """Return whether an object offers its items as an Arrow array, or as a stream of them."""
    return hasattr(given, "__arrow_c_array__") or hasattr(given, "__arrow_c_stream__")


def from_arrow(np: Any, name: str, given: Any) -> Any:
    """Return a copy of the items: an array of numbers or booleans, or a list, with None for nulls.

    Raises ArgumentError where it contains anything else and its library has no method that makes a list of it.
    """
    if hasattr(given, "__arrow_c_array__"):
        schema, array = given.__arrow_c_array__()
        kind = _text(_at(_Schema, schema, b"arrow_schema").format)
        parts = [_read(np, kind, _at(_Array, array, b"arrow_array"))] if _is_read(kind) else None
    else:
        # The capsule is kept until the end: it releases the stream.
        capsule = given.__arrow_c_stream__()
        kind, parts = _read_stream(np, _at(_Stream, capsule, b"arrow_array_stream"))
    if parts is None:
        return _listed(name, given, kind)
    if any(isinstance(each, list) for each in parts):
        return [item for part in parts for item in (part if isinstance(part, list) else part.tolist())]
    return np.concatenate(parts) if parts else []


def _read_stream(np: Any, stream: Any) -> tuple[str, list[Any] | None]:
    schema = _Schema()
    _succeed(stream, stream.get_schema(ctypes.addressof(stream), ctypes.byref(schema)))
    try:
        kind = _text(schema.format)
    finally:
        _release(schema)
    return kind, list(_chunks(np, kind, stream)) if _is_read(kind) else None


def _chunks(np: Any, kind: str, stream: Any) -> Iterator[Any]:
    while True:
        chunk = _Array()
        _succeed(stream, stream.get_next(ctypes.addressof(stream), ctypes.byref(chunk)))
        if not chunk.release:
            return
        try:
            yield _read(np, kind, chunk)
        finally:
            _release(chunk)


def _read(np: Any, kind: str, array: Any) -> Array | list[Any]:
    """Return a copy of the items of one array."""
    begin, end = array.offset, array.offset + array.length
    if kind == _BOOLEAN:
        items = _bits(np, array.buffers[_VALUES], begin, end)
    else:
        type = np.dtype(_TYPES[kind])
        items = _bytes(np, array.buffers[_VALUES], end * type.itemsize).view(type)[begin:].copy()
    validity = array.buffers[_VALIDITY]
    if not array.null_count or not validity:
        return items
    valid = _bits(np, validity, begin, end)
    if valid.all():
        return items
    return [item if there else None for item, there in zip(items.tolist(), valid.tolist(), strict=True)]


def _bits(np: Any, address: int, begin: int, end: int) -> Array:
    raw = _bytes(np, address, -(-end // 8))
    return np.unpackbits(raw, count=end, bitorder="little")[begin:].astype(np.bool_)


def _bytes(np: Any, address: int | None, size: int) -> Array:
    if not size or not address:
        return np.empty(0, np.uint8)
    return np.frombuffer((ctypes.c_char * size).from_address(address), np.uint8)


def _listed(name: str, given: Any, kind: str) -> list[Any]:
    for method in ("to_pylist", "to_list", "tolist"):
        if hasattr(given, method):
            return list(getattr(given, method)())
    message = f"an Arrow array of numbers or booleans is expected here, not one of format {kind!r}; make a list of it"
    raise ArgumentError(message, parameter=name)


def _is_read(kind: str) -> bool:
    return kind == _BOOLEAN or kind in _TYPES


def _at(cls: type[Any], capsule: object, name: bytes) -> Any:
    """Return the structure in a capsule, which has to outlive it."""
    pointer_of = ctypes.PYFUNCTYPE(c_void_p, ctypes.py_object, c_char_p)(("PyCapsule_GetPointer", ctypes.pythonapi))
    return cls.from_address(pointer_of(capsule, name))


def _release(structure: Any) -> None:
    if structure.release:
        CFUNCTYPE(None, c_void_p)(structure.release)(ctypes.addressof(structure))


def _succeed(stream: Any, failure: int) -> None:
    if failure:
        reason = stream.get_last_error(ctypes.addressof(stream)) or b"no reason given"
        raise ValueError(f"the Arrow stream failed: {_text(reason)}")


def _text(raw: bytes | None) -> str:
    return (raw or b"").decode(errors="replace")
