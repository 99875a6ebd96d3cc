"""Encoding values (ABI §1).

Writers append chunks to a list and pass on the offset, on which the padding of packed arrays depends. The chunks are
joined once, so a large array is copied only once.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, Final

from .. import values as v
from ..values import Tag
from .wire import MAX_DEPTH, MAX_SIZE, PACKED, PADDING, SIZE_PREFIX

_Writer = Callable[[Any, "list[bytes]", int, int], int]
"""(value, chunks, offset, remaining depth) -> the offset after the value."""

_u32: Final = struct.Struct("<I").pack
_tagged_u32: Final = struct.Struct("<BI").pack
_array_head: Final = struct.Struct("<BBI").pack

_UNIT: Final = bytes([Tag.UNIT])
_UUID: Final = bytes([Tag.UUID])
_NONE: Final = bytes([Tag.OPTION, 0])
_SOME: Final = bytes([Tag.OPTION, 1])
_STRUCTURE: Final = bytes([Tag.STRUCTURE])
_ENUMERATION: Final = bytes([Tag.ENUMERATION])
_KEY_VALUE: Final = bytes([Tag.KEY_VALUE])


def encode(value: v.Value, *, max_depth: int = MAX_DEPTH) -> bytes:
    """Return the buffer of ``value``, size prefix included.

    Raises ValueError if the value is nested deeper than ``max_depth``, which decoders reject too, or if the size of the
    buffer exceeds its 32-bit prefix, and TypeError for an object that is not a value.
    """
    whole = _WHOLE.get(type(value))
    if whole is not None:
        return whole(value)
    chunks: list[bytes] = [b""]
    size = _write(value, chunks, SIZE_PREFIX, max_depth)
    if size > MAX_SIZE:
        raise ValueError(f"a buffer of {size} bytes exceeds its 32-bit size prefix")
    chunks[0] = _u32(size)
    return b"".join(chunks)


def encode_at(value: v.Value, offset: int) -> bytes:
    """Return the bytes of a field's value at ``offset`` in the buffer of a call. Raises as :func:`encode` does."""
    chunks: list[bytes] = []
    _write(value, chunks, offset, MAX_DEPTH - 1)
    return b"".join(chunks)


def encode_error(message: str) -> bytes:
    """Return the error buffer (tag 20) of a message. Characters that UTF-8 cannot encode become ``?``."""
    data = message.encode(errors="replace")
    return _u32(SIZE_PREFIX + 5 + len(data)) + _tagged_u32(Tag.ERROR, len(data)) + data


def _write(value: v.Value, chunks: list[bytes], offset: int, depth: int) -> int:
    try:
        writer = _WRITERS[type(value)]
    except KeyError:
        raise TypeError(f"expected a value of arora_core.values, got {type(value).__name__}") from None
    return writer(value, chunks, offset, depth)


def _deeper(depth: int) -> int:
    if depth <= 0:
        raise ValueError("the value is nested too deep to encode")
    return depth - 1


def _unit(value: v.Unit, chunks: list[bytes], offset: int, depth: int) -> int:
    chunks.append(_UNIT)
    return offset + 1


def _scalar_writer(cls: type[v.Scalar]) -> _Writer:
    packed = struct.Struct("<B" + cls.kind.code)
    pack, size, tag = packed.pack, packed.size, int(cls.tag)

    def write(value: Any, chunks: list[bytes], offset: int, depth: int) -> int:
        chunks.append(pack(tag, value.value))
        return offset + size

    return write


def _float_writer(cls: type[v.Float]) -> _Writer:
    tag, size = bytes([cls.tag]), 1 + cls.kind.size

    def write(value: v.Float, chunks: list[bytes], offset: int, depth: int) -> int:
        chunks.append(tag + value.raw)
        return offset + size

    return write


def _string(value: v.String, chunks: list[bytes], offset: int, depth: int) -> int:
    data = value.value.encode()
    chunks.append(_tagged_u32(Tag.STRING, len(data)) + data)
    return offset + 5 + len(data)


def _uuid(value: v.Uuid, chunks: list[bytes], offset: int, depth: int) -> int:
    chunks.append(_UUID + value.value.bytes)
    return offset + 17


def _option(value: v.Option, chunks: list[bytes], offset: int, depth: int) -> int:
    if value.value is None:
        chunks.append(_NONE)
        return offset + 2
    chunks.append(_SOME)
    return _write(value.value, chunks, offset + 2, _deeper(depth))


def _fields(fields: tuple[v.Field, ...], chunks: list[bytes], offset: int, depth: int) -> int:
    chunks.append(_u32(len(fields)))
    offset += 4
    for id, value in fields:
        chunks.append(id.bytes)
        offset = _write(value, chunks, offset + 16, depth)
    return offset


def _structure(value: v.Structure, chunks: list[bytes], offset: int, depth: int) -> int:
    chunks.append(_STRUCTURE + value.id.bytes)
    return _fields(value.fields, chunks, offset + 17, _deeper(depth))


def _enumeration(value: v.Enumeration, chunks: list[bytes], offset: int, depth: int) -> int:
    chunks.append(_ENUMERATION + value.id.bytes + value.variant_id.bytes)
    return _write(value.value, chunks, offset + 33, _deeper(depth))


def _key_value(value: v.KeyValue, chunks: list[bytes], offset: int, depth: int) -> int:
    depth = _deeper(depth)
    chunks.append(_KEY_VALUE + value.id.bytes + _u32(len(value.fields)))
    offset += 21
    for key, field in value.fields.items():
        data = key.encode()
        chunks.append(_u32(len(data)) + data + field.id.bytes)
        offset += 20 + len(data)
        if field.value is None:
            chunks.append(_UNIT)
            offset += 1
        else:
            offset = _write(field.value, chunks, offset, depth)
    return offset


def _packed_array(value: v.NumberArray, chunks: list[bytes], offset: int, depth: int) -> int:
    return _packed(value.element_tag, len(value), value.raw, chunks, offset)


def _boolean_array(value: v.ArrayBoolean, chunks: list[bytes], offset: int, depth: int) -> int:
    return _packed(Tag.BOOLEAN, len(value.items), bytes(value.items), chunks, offset)


def _packed(element_tag: Tag, count: int, raw: bytes, chunks: list[bytes], offset: int) -> int:
    offset += 6
    pad = PADDING[offset % 8]
    chunks.append(_array_head(Tag.ARRAY, element_tag, count) + pad)
    chunks.append(raw)
    return offset + len(pad) + len(raw)


def _string_array(value: v.ArrayString, chunks: list[bytes], offset: int, depth: int) -> int:
    chunks.append(_array_head(Tag.ARRAY, Tag.STRING, len(value.items)))
    offset += 6
    for item in value.items:
        data = item.encode()
        chunks.append(_u32(len(data)) + data)
        offset += 4 + len(data)
    return offset


def _value_array(value: v.ArrayValue, chunks: list[bytes], offset: int, depth: int) -> int:
    depth = _deeper(depth)
    chunks.append(_array_head(Tag.ARRAY, Tag.VALUE, len(value.items)))
    offset += 6
    for item in value.items:
        offset = _write(item, chunks, offset, depth)
    return offset


def _structure_array(value: v.ArrayStructure, chunks: list[bytes], offset: int, depth: int) -> int:
    depth = _deeper(depth)
    chunks.append(_array_head(Tag.ARRAY, Tag.STRUCTURE, len(value.items)) + value.id.bytes)
    offset += 22
    for fields in value.items:
        offset = _fields(fields, chunks, offset, depth)
    return offset


def _enumeration_array(value: v.ArrayEnumeration, chunks: list[bytes], offset: int, depth: int) -> int:
    depth = _deeper(depth)
    chunks.append(_array_head(Tag.ARRAY, Tag.ENUMERATION, len(value.items)) + value.id.bytes)
    offset += 22
    for variant_id, payload in value.items:
        chunks.append(variant_id.bytes)
        offset = _write(payload, chunks, offset + 16, depth)
    return offset


_WRITERS: Final[dict[type[v.Value], _Writer]] = {
    v.Unit: _unit,
    **{cls: _scalar_writer(cls) for cls in PACKED},
    **{cls: _float_writer(cls) for cls in v.FLOATS},
    v.String: _string,
    v.Uuid: _uuid,
    v.Option: _option,
    v.Structure: _structure,
    v.Enumeration: _enumeration,
    v.KeyValue: _key_value,
    **dict.fromkeys(v.NUMBER_ARRAYS, _packed_array),
    v.ArrayBoolean: _boolean_array,
    v.ArrayString: _string_array,
    v.ArrayValue: _value_array,
    v.ArrayStructure: _structure_array,
    v.ArrayEnumeration: _enumeration_array,
}


def _whole_writer(cls: type[v.Scalar]) -> Callable[[Any], bytes]:
    packed = struct.Struct("<IB" + cls.kind.code)
    pack, size, tag = packed.pack, packed.size, int(cls.tag)
    return lambda value: pack(size, tag, value.value)


_WHOLE: Final[dict[type[v.Value], Callable[[Any], bytes]]] = {cls: _whole_writer(cls) for cls in PACKED}
"""Writers of a whole buffer at once, for the scalars that callables mostly return."""
