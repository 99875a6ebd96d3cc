"""Taking argument columns apart: the form that all rows' buffers have, and the packed bytes of their fields.

What is packed here is exactly what the codec of single calls would write. Everything else, mistakes among it, raises
Leave: the rows are then called one by one, and the codec decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from ..binding.leave import Leave
from ..compiled.type_plans import Members, Number, Optional, Packed, Plain, Record, Shape
from ..values import Kind, Tag, kinds, numeric
from .argument_columns import Constant, Part
from .form_builder import FormBuilder
from .numpy_package import Array, numpy


class ArgumentPacking:
    """The form and the fields of some rows' arguments, under construction."""

    __slots__ = ("_count", "_np", "form", "leaves")

    def __init__(self, count: int) -> None:
        self._np = numpy()
        self._count = count
        self.form = FormBuilder()
        self.leaves: list[Array] = []
        """For each field, the bytes of all rows one after another."""

    def add(self, shape: Shape, part: Part) -> None:
        """Add the rows of one column. Raises Leave."""
        if isinstance(part, Constant):
            begin = len(self.leaves)
            self._add(shape, [part.value])
            for position in range(begin, len(self.leaves)):
                self.leaves[position] = self._np.tile(self.leaves[position], self._count)
        else:
            self._add(shape, part)

    def _add(self, shape: Shape, part: Any) -> None:
        if isinstance(part, self._np.ndarray) and part.dtype.kind == "O" and part.ndim == 1:
            part = part.tolist()
        if isinstance(shape, Number):
            self.form.constant(bytes([shape.kind.tag]))
            self._field(shape.kind.size, self._numbers(shape.kind, part))
        elif isinstance(shape, Plain):
            self._plain(shape.kind, part)
        elif isinstance(shape, Record):
            self._record(shape, part)
        elif isinstance(shape, Members):
            self._members(shape, part)
        elif isinstance(shape, Packed):
            self._packed(shape, part)
        elif isinstance(shape, Optional):
            self._optional(shape, part)
        else:
            raise Leave

    def _field(self, size: int, leaf: Array) -> None:
        self.form.field(size)
        self.leaves.append(leaf)

    # --- numbers -------------------------------------------------------------------------------------

    def _numbers(self, kind: Kind, part: Any) -> Array:
        if isinstance(part, list):
            return self._bytes(_packed_numbers(kind, part))
        if part.ndim != 1:
            raise Leave
        return self._converted(kind, part)

    def _converted(self, kind: Kind, array: Array) -> Array:
        """Return the bytes of an array of any shape as numbers of this kind, or as booleans."""
        np, wanted = self._np, self._np.dtype("<" + kind.code)
        found = array.dtype
        if found != wanted:
            self._require_convertible(kind, array)
            with np.errstate(over="ignore", invalid="ignore"):
                made = array.astype(wanted)
            narrowed = kind.is_float and found.kind == "f" and found.itemsize > kind.size
            _require(not narrowed or not (np.isinf(made) & np.isfinite(array)).any())
            array = made
        return np.ascontiguousarray(array).reshape(-1).view(np.uint8)

    def _require_convertible(self, kind: Kind, array: Array) -> None:
        found = array.dtype
        if kind.is_float and found.kind == "f" and found.char != "g":
            return
        if kind is kinds.BOOLEAN or found.kind not in "iu":
            raise Leave
        if array.size:
            most = numeric.EXACT[kind.size] if kind.is_float else kind.high
            if int(array.min()) < (-most if kind.is_float else kind.low) or int(array.max()) > most:
                raise Leave

    # --- other scalars -------------------------------------------------------------------------------

    def _plain(self, kind: Kind, part: Any) -> None:
        if kind is kinds.STRING:
            raise Leave
        self.form.constant(bytes([kind.tag]))
        if kind is kinds.BOOLEAN:
            self._field(1, self._booleans(part))
        elif not isinstance(part, list):
            raise Leave
        elif kind is kinds.UNIT:
            _require(all(each is None for each in part))
        else:
            _require(all(type(each) is UUID for each in part))
            self._field(16, self._bytes(b"".join([each.bytes for each in part])))

    def _booleans(self, part: Any) -> Array:
        if isinstance(part, list):
            _require(all(each is True or each is False for each in part))
            return self._bytes(bytes(part))
        _require(part.ndim == 1)
        return self._converted(kinds.BOOLEAN, part)

    def _members(self, shape: Members, part: Any) -> None:
        _require(isinstance(part, list))
        # By identity, as the codec of single calls does: hashing a member would run Python code.
        raw_ids = {id(member): member.value.bytes for member in shape.cls}
        try:
            raw = b"".join([raw_ids[id(each)] for each in part])
        except KeyError:
            raise Leave from None
        self.form.constant(bytes([Tag.ENUMERATION]) + shape.id.bytes)
        self._field(16, self._bytes(raw))
        self.form.constant(bytes([Tag.UNIT]))

    def _optional(self, shape: Optional, part: Any) -> None:
        nulls = sum([each is None for each in part]) if isinstance(part, list) else 0
        _require(nulls in (0, len(part)))
        self.form.constant(bytes([Tag.OPTION, not nulls]))
        if not nulls:
            self._add(shape.value, part)

    # --- values with parts ---------------------------------------------------------------------------

    def _record(self, shape: Record, part: Any) -> None:
        self.form.constant(bytes([Tag.STRUCTURE]) + shape.id.bytes + len(shape.fields).to_bytes(4, "little"))
        names = [attribute for _, attribute, _ in shape.fields]
        for (id, _, field), column in zip(shape.fields, self._fields(shape, names, part), strict=True):
            self.form.constant(id.bytes)
            self._add(field, column)

    def _fields(self, shape: Record, names: Sequence[str], part: Any) -> list[Any]:
        """Return the column of each field of a column of structures."""
        if not isinstance(part, list):
            _require(part.ndim == 1 and part.dtype.names is not None and set(part.dtype.names) == set(names))
            return [part[name] for name in names]
        if all(type(each) is shape.cls for each in part):
            return [[getattr(each, name) for each in part] for name in names]
        known = set(names)
        _require(all(type(each) is dict and each.keys() == known for each in part))
        return [[each[name] for each in part] for name in names]

    def _packed(self, shape: Packed, part: Any) -> None:
        kind = shape.kind
        self.form.constant(bytes([Tag.ARRAY, kind.tag]))
        if isinstance(part, list):
            raw = [_packed_items(kind, each) for each in part]
            size = len(raw[0])
            _require(all(len(each) == size for each in raw))
            leaf = self._bytes(b"".join(raw))
        else:
            _require(part.ndim == 2)
            size = part.shape[1] * kind.size
            leaf = self._converted(kind, part)
        length = size // kind.size
        _require(shape.length is None or shape.length == length)
        self.form.constant(length.to_bytes(4, "little"))
        self.form.pad_with_zeros()
        if length:
            self._field(size, leaf)

    def _bytes(self, data: bytes | memoryview) -> Array:
        return self._np.frombuffer(data, self._np.uint8)


def _packed_numbers(kind: Kind, items: object) -> bytes | memoryview:
    # It calls methods of the items, which may raise anything; so does the codec of single calls.
    try:
        return numeric.packed(kind, items)
    except Exception:
        raise Leave from None


def _packed_items(kind: Kind, items: Any) -> bytes | memoryview:
    if kind is not kinds.BOOLEAN:
        return _packed_numbers(kind, items)
    _require(type(items) is list or type(items) is tuple)
    _require(all(each is True or each is False for each in items))
    return bytes(items)


def _require(condition: bool) -> None:
    if not condition:
        raise Leave
