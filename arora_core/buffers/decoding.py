"""Decoding buffers (ABI §1), which may hold any bytes.

The reader trusts nothing: it checks every count against the bytes left before it allocates anything, and the only error
it raises is MalformedBuffer.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, NoReturn
from uuid import UUID

from .. import values as v
from ..errors import MalformedBuffer
from ..values import Tag
from .wire import BY_ELEMENT_TAG, MAX_DEPTH, PACKED, PADDING_SIZES, SIZE_PREFIX

_u32_from: Final = struct.Struct("<I").unpack_from
_new: Final = object.__new__
_set: Final = object.__setattr__
_UNIT: Final = v.Unit()
_NONE: Final = v.Option(None)

# The sizes of the smallest encodings, in bytes, for checking counts.
_SMALLEST_FIELD: Final = 16 + 1
_SMALLEST_ENTRY: Final = 4 + 16 + 1
_SMALLEST_VARIANT: Final = 16 + 1


def decode(buffer: bytes | bytearray | memoryview, *, max_depth: int = MAX_DEPTH) -> v.Value:
    """Return the value in ``buffer``.

    ``max_depth`` limits how deep values may be nested. Raises MalformedBuffer, and nothing else, for an invalid buffer
    and for an error buffer, which holds no value (see :func:`error_message`).
    """
    reader = _open(buffer, max_depth)
    try:
        value = reader.value()
    except RecursionError:
        # Happens only if max_depth, or the depth of the caller's stack, is near the interpreter's limit.
        reader.fail("less nesting", "values are nested deeper than the interpreter's stack")
    reader.finish()
    return value


def decode_at(buffer: bytes, offset: int) -> tuple[v.Value, int]:
    """Return the value of a field at ``offset`` in the buffer of a call, and the offset after it.

    Raises MalformedBuffer, or RecursionError if the interpreter's stack is nearly full.
    """
    reader = _Reader(buffer, MAX_DEPTH - 1)
    reader.offset = offset
    return reader.value(), reader.offset


def error_message(buffer: bytes | bytearray | memoryview) -> str | None:
    """Return the message of an error buffer, None for any other. Raises MalformedBuffer for an invalid error buffer."""
    if len(buffer) <= SIZE_PREFIX or buffer[SIZE_PREFIX] != Tag.ERROR:
        return None
    reader = _open(buffer, MAX_DEPTH)
    reader.offset += 1
    message = reader.text()
    reader.finish()
    return message


def _open(buffer: bytes | bytearray | memoryview, max_depth: int) -> _Reader:
    data = bytes(buffer)
    if len(data) < SIZE_PREFIX + 1:
        raise MalformedBuffer(f"got {len(data)}", offset=0, expected="at least 5 bytes")
    (size,) = _u32_from(data, 0)
    if size != len(data):
        raise MalformedBuffer(f"got {size}", offset=0, expected=f"a size prefix of {len(data)}, the bytes given")
    return _Reader(data, max_depth)


@lru_cache(maxsize=4096)
def _uuid_of(raw: bytes) -> UUID:
    """Return a UUID. Cached: the ids of types and fields recur in every buffer, and creating a UUID is slow."""
    return UUID(bytes=raw)


class _Reader:
    """A cursor over one buffer."""

    __slots__ = ("data", "depth", "end", "offset")

    def __init__(self, data: bytes, depth: int) -> None:
        self.data = data
        self.end = len(data)
        self.offset = SIZE_PREFIX
        self.depth = depth

    def fail(self, expected: str, message: str, offset: int | None = None) -> NoReturn:
        raise MalformedBuffer(message, offset=self.offset if offset is None else offset, expected=expected)

    def finish(self) -> None:
        if self.offset != self.end:
            self.fail("the end of the buffer", f"got {self.end - self.offset} more bytes")

    def read(self, size: int, expected: str) -> bytes:
        start = self.offset
        stop = start + size
        if stop > self.end:
            self.fail(expected, f"only {self.end - start} bytes are left of {size}")
        self.offset = stop
        return self.data[start:stop]

    def byte(self, expected: str) -> int:
        offset = self.offset
        if offset >= self.end:
            self.fail(expected, "the buffer ends here")
        self.offset = offset + 1
        return self.data[offset]

    def u32(self, expected: str) -> int:
        offset = self.offset
        if offset + 4 > self.end:
            self.fail(expected, f"only {self.end - offset} bytes are left of 4")
        self.offset = offset + 4
        return int(_u32_from(self.data, offset)[0])

    def count(self, smallest: int, of: str, reserved: int = 0) -> int:
        """Return a count of items of at least ``smallest`` bytes each, which must fit in the bytes left.

        ``reserved`` of the bytes left precede the items: the id of an element type.
        """
        offset = self.offset
        count = self.u32(f"a count of {of}")
        left = max(0, self.end - self.offset - reserved)
        if count * smallest > left:
            self.fail(f"a count of {of} that fits in the {left} bytes left", f"got {count}", offset)
        return count

    def id(self, expected: str) -> UUID:
        return _uuid_of(self.read(16, expected))

    def text(self) -> str:
        size = self.u32("the length of a string")
        offset = self.offset
        raw = self.read(size, "a string")
        try:
            return raw.decode()
        except UnicodeDecodeError as error:
            self.fail("valid UTF-8", error.reason, offset + error.start)

    def enter(self) -> None:
        if self.depth <= 0:
            self.fail("less nesting", "values are nested deeper than the limit")
        self.depth -= 1

    def leave(self) -> None:
        self.depth += 1

    def value(self) -> v.Value:
        return _READERS[self.byte("a value")](self)

    def fields(self) -> tuple[v.Field, ...]:
        count = self.count(_SMALLEST_FIELD, "fields")
        return tuple([v.Field(self.id("a field id"), self.value()) for _ in range(count)])


def _no_value(reader: _Reader) -> NoReturn:
    offset = reader.offset - 1
    reader.fail("the tag of a value", f"got {reader.data[offset]}", offset)


def _scalar_reader(cls: type[v.Scalar]) -> Callable[[_Reader], v.Value]:
    fixed = struct.Struct("<" + cls.kind.code)
    unpack_from, size, expected = fixed.unpack_from, fixed.size, f"a {cls.__name__.lower()}"

    def read(reader: _Reader) -> v.Value:
        offset = reader.offset
        if offset + size > reader.end:
            reader.fail(expected, f"only {reader.end - offset} bytes are left of {size}")
        reader.offset = offset + size
        value = _new(cls)
        _set(value, "value", unpack_from(reader.data, offset)[0])
        return value

    return read


def _float_reader(cls: type[v.Float]) -> Callable[[_Reader], v.Value]:
    size, expected = cls.kind.size, f"an {cls.kind}"
    return lambda reader: v.float_from_raw(cls, reader.read(size, expected))


def _unit(reader: _Reader) -> v.Value:
    return _UNIT


def _string(reader: _Reader) -> v.Value:
    value = _new(v.String)
    _set(value, "value", reader.text())
    return value


def _uuid(reader: _Reader) -> v.Value:
    return v.Uuid(UUID(bytes=reader.read(16, "a uuid")))


def _option(reader: _Reader) -> v.Value:
    offset = reader.offset
    presence = reader.byte("an option's 0 or 1")
    if presence == 0:
        return _NONE
    if presence != 1:
        reader.fail("an option's 0 or 1", f"got {presence}", offset)
    reader.enter()
    value = v.Option(reader.value())
    reader.leave()
    return value


def _structure(reader: _Reader) -> v.Value:
    reader.enter()
    value = v.structure_of(reader.id("a structure's type id"), reader.fields())
    reader.leave()
    return value


def _enumeration(reader: _Reader) -> v.Value:
    reader.enter()
    value = _new(v.Enumeration)
    _set(value, "id", reader.id("an enumeration's type id"))
    _set(value, "variant_id", reader.id("a variant id"))
    _set(value, "value", reader.value())
    reader.leave()
    return value


def _key_value(reader: _Reader) -> v.Value:
    reader.enter()
    id = reader.id("a map's id")
    fields = {}
    for _ in range(reader.count(_SMALLEST_ENTRY, "map entries")):
        key = reader.text()
        fields[key] = (reader.id("a field id"), reader.value())
    reader.leave()
    return v.KeyValue(id, fields)


def _array(reader: _Reader) -> v.Value:
    offset = reader.offset
    element_tag = reader.byte("an array's element tag")
    packed = BY_ELEMENT_TAG.get(element_tag)
    if packed is not None:
        return v.from_raw(packed, _packed(reader, packed.kind.size, f"{packed.kind} items"))
    read = _ARRAY_READERS.get(element_tag)
    if read is None:
        reader.fail("an element tag that arrays can have", f"got {element_tag}", offset)
    return read(reader)


def _packed(reader: _Reader, item_size: int, of: str) -> bytes:
    count = reader.count(item_size, of)
    reader.read(PADDING_SIZES[reader.offset % 8], "an array's padding")
    return reader.read(count * item_size, of)


def _item_array(cls: type[v.ItemArray], items: list[Any]) -> v.Value:
    value = _new(cls)
    _set(value, "_items", tuple(items))
    return value


def _boolean_array(reader: _Reader) -> v.Value:
    return _item_array(v.ArrayBoolean, list(map(bool, _packed(reader, 1, "booleans"))))


def _string_array(reader: _Reader) -> v.Value:
    count = reader.count(4, "strings")
    return _item_array(v.ArrayString, [reader.text() for _ in range(count)])


def _value_array(reader: _Reader) -> v.Value:
    reader.enter()
    count = reader.count(1, "values")
    value = _item_array(v.ArrayValue, [reader.value() for _ in range(count)])
    reader.leave()
    return value


def _structure_array(reader: _Reader) -> v.Value:
    reader.enter()
    count = reader.count(4, "structures", reserved=16)
    id = reader.id("an array's element type id")
    value = _item_array(v.ArrayStructure, [reader.fields() for _ in range(count)])
    _set(value, "id", id)
    reader.leave()
    return value


def _enumeration_array(reader: _Reader) -> v.Value:
    reader.enter()
    count = reader.count(_SMALLEST_VARIANT, "enumerations", reserved=16)
    id = reader.id("an array's element type id")
    items = [v.Variant(reader.id("a variant id"), reader.value()) for _ in range(count)]
    value = _item_array(v.ArrayEnumeration, items)
    _set(value, "id", id)
    reader.leave()
    return value


_ARRAY_READERS: Final[dict[int, Callable[[_Reader], v.Value]]] = {
    Tag.BOOLEAN: _boolean_array,
    Tag.STRING: _string_array,
    Tag.STRUCTURE: _structure_array,
    Tag.ENUMERATION: _enumeration_array,
    Tag.VALUE: _value_array,
}

_BY_TAG: Final[dict[int, Callable[[_Reader], v.Value]]] = {
    Tag.UNIT: _unit,
    **{int(cls.tag): _scalar_reader(cls) for cls in PACKED},
    **{int(cls.tag): _float_reader(cls) for cls in v.FLOATS},
    Tag.STRING: _string,
    Tag.STRUCTURE: _structure,
    Tag.ENUMERATION: _enumeration,
    Tag.ARRAY: _array,
    Tag.KEY_VALUE: _key_value,
    Tag.OPTION: _option,
    Tag.UUID: _uuid,
}
_READERS: Final = [_BY_TAG.get(byte, _no_value) for byte in range(256)]
"""The reader for each value of the tag byte."""
