"""Putting result columns together: from the packed bytes of their fields, or from the results of single calls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import starmap
from typing import Any, Final, Protocol
from uuid import UUID

from ..compiled.type_plans import Members, Number, Packed, Plain, Record, Shape, Uncovered
from ..values import Kind, Tag, kinds
from ..values.numeric import unpack
from .form_builder import FormBuilder
from .numpy_package import Array, numpy

_MOST_CHOICES: Final = 256
"""A column of choices has one byte a row."""

Leaves = Iterator[Array]
"""For each field, in order, the bytes of some rows one after another."""


def add_to_form(form: FormBuilder, shape: Shape) -> None:
    """Add a value that results contain. Raises Uncovered where its size or its parts differ from result to result."""
    if isinstance(shape, Number) or (isinstance(shape, Plain) and shape.kind is not kinds.STRING):
        form.constant(bytes([shape.kind.tag]))
        if shape.kind.size:
            form.field(shape.kind.size)
    elif isinstance(shape, Record):
        form.constant(bytes([Tag.STRUCTURE]) + shape.id.bytes + len(shape.fields).to_bytes(4, "little"))
        for id, _, field in shape.fields:
            form.constant(id.bytes)
            add_to_form(form, field)
    elif isinstance(shape, Members) and len(shape.cls) <= _MOST_CHOICES:
        form.constant(bytes([Tag.ENUMERATION]) + shape.id.bytes)
        form.field(16, tuple(member.value.bytes for member in shape.cls))
        form.constant(bytes([Tag.UNIT]))
    elif isinstance(shape, Packed) and shape.length is not None:
        form.constant(bytes([Tag.ARRAY, shape.kind.tag]) + shape.length.to_bytes(4, "little"))
        form.skip_padding()
        if shape.length:
            form.field(shape.length * shape.kind.size)
    else:
        raise Uncovered


def type_of(shape: Shape | None) -> Any:
    """Return the NumPy type of a column of this shape; None where such a column is a list."""
    if isinstance(shape, Number) or (isinstance(shape, Plain) and shape.kind is kinds.BOOLEAN):
        return numpy().dtype("<" + shape.kind.code)
    if isinstance(shape, Packed) and shape.length is not None:
        return numpy().dtype(("<" + shape.kind.code, (shape.length,)))
    if isinstance(shape, Record) and shape.fields:
        types = [(attribute, type_of(field)) for _, attribute, field in shape.fields]
        return None if any(type is None for _, type in types) else numpy().dtype(types)
    return None


class ResultColumn(Protocol):
    """What the calls of a batch answered, or what became of one mutable parameter."""

    values: Any
    """The column."""

    def put(self, start: int, results: Sequence[Any]) -> None:
        """Set the rows from ``start`` on to what single calls returned."""

    def store(self, shape: Shape, start: int, count: int, leaves: Leaves) -> None:
        """Set ``count`` rows from the bytes of their fields. The arrays in ``shape`` have a length."""


def result_column(shape: Shape | None, count: int, *, as_list: bool) -> ResultColumn:
    """Return a column of ``count`` rows: an array if the shape has a NumPy type, unless a list is wanted."""
    type = None if as_list else type_of(shape)
    return _List(count) if shape is None or type is None else _Array(shape, count, type)


class _Array:
    def __init__(self, shape: Shape, count: int, type: Any) -> None:
        self._shape = shape
        # NumPy drops a dimension of length 0 from a type that is given alone.
        self.values = numpy().zeros((count, *type.shape), type.base)

    def put(self, start: int, results: Sequence[Any]) -> None:
        _put(self._shape, self.values[start : start + len(results)], results)

    def store(self, shape: Shape, start: int, count: int, leaves: Leaves) -> None:
        _store(shape, self.values[start : start + count], leaves)


class _List:
    def __init__(self, count: int) -> None:
        self.values: list[Any] = [None] * count

    def put(self, start: int, results: Sequence[Any]) -> None:
        self.values[start : start + len(results)] = results

    def store(self, shape: Shape, start: int, count: int, leaves: Leaves) -> None:
        self.values[start : start + count] = _objects(shape, count, leaves)


def _put(shape: Shape, target: Array, results: Sequence[Any]) -> None:
    np = numpy()
    if isinstance(shape, Record):
        for _, attribute, field in shape.fields:
            _put(field, target[attribute], [getattr(each, attribute) for each in results])
    elif isinstance(shape, Packed) and shape.kind is not kinds.BOOLEAN:
        # Joined as bytes, because NumPy takes the bytes objects that u8 arrays are for text.
        target[:] = np.frombuffer(b"".join(results), "<" + shape.kind.code).reshape(target.shape)
    else:
        target[:] = np.array(results, target.dtype).reshape(target.shape)


def _store(shape: Shape, target: Array, leaves: Leaves) -> None:
    if isinstance(shape, Record):
        for _, attribute, field in shape.fields:
            _store(field, target[attribute], leaves)
    elif target.size:
        target[:] = _items(_kind(shape), next(leaves)).reshape(target.shape)


def _kind(shape: Shape) -> Kind:
    assert isinstance(shape, (Number, Plain, Packed))
    return shape.kind


def _items(kind: Kind, leaf: Array) -> Array:
    # Any byte but zero is true.
    return leaf != 0 if kind is kinds.BOOLEAN else leaf.view("<" + kind.code)


def _objects(shape: Shape, count: int, leaves: Leaves) -> list[Any]:
    """Return what single calls return for these rows."""
    if isinstance(shape, Record):
        if not shape.fields:
            return [shape.cls() for _ in range(count)]
        fields = [_objects(field, count, leaves) for _, _, field in shape.fields]
        return list(starmap(shape.cls, zip(*fields, strict=True)))
    if isinstance(shape, Members):
        members = list(shape.cls)
        return [members[index] for index in next(leaves).tolist()]
    if isinstance(shape, Packed):
        return _arrays(shape, count, leaves)
    kind = _kind(shape)
    if kind is kinds.UNIT:
        return [None] * count
    if kind is kinds.UUID:
        raw = next(leaves).tobytes()
        return [UUID(bytes=raw[at : at + 16]) for at in range(0, len(raw), 16)]
    items: list[Any] = _items(kind, next(leaves)).tolist()
    return items


def _arrays(shape: Packed, count: int, leaves: Leaves) -> list[Any]:
    kind, length = shape.kind, shape.length
    assert length is not None
    size = length * kind.size
    raw = next(leaves).tobytes() if size else b""
    pieces = [raw[row * size : (row + 1) * size] for row in range(count)]
    if kind is kinds.U8:
        return pieces
    if kind is kinds.BOOLEAN:
        return [list(map(bool, piece)) for piece in pieces]
    return [unpack(kind, piece) for piece in pieces]
