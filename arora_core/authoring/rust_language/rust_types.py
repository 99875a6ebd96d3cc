"""The Rust types of shapes.

A value lies in the one that contains it, unless it is large, deeply nested or would contain itself: then a ``Box``
holds it.
"""

from __future__ import annotations

from typing import Final

from ...documents.places import header_refusal
from ...types import EnumerationType
from ...types.registry import TypeRecord
from ...values import kinds
from ..interface import Interface
from ..shapes import STRING, UNIT, Array, Dynamic, Map, Optional, Record, Scalar, Shape
from .names import type_names, variable_names, variant_names

LARGEST: Final = 1024
"""Bytes of the largest value that is no ``Box`` where it is a parameter, a field or an item."""
LARGEST_PAYLOAD: Final = 128
"""The same for what a variant carries: every value of an enumeration has room for its largest variant."""
_DEEPEST: Final = 32
"""Records in one another without a ``Box``. Compilers give up at a hundred or so."""
_LARGEST_COPY: Final = 64
"""Bytes of the largest record that is copied instead of moved."""
_LARGEST_TYPE: Final = (1 << 31) - 1
"""Bytes of the largest type in 32 bits of address space."""
_POINTER: Final = 8
_VECTOR: Final = 24
_VALUE: Final = 48


class RustTypes:
    """The types of one module. Raises HeaderError for a fixed array that is too large for a type."""

    def __init__(self, interface: Interface) -> None:
        self._interface = interface
        self.names = dict(
            zip(
                (each.id for each in interface.records),
                type_names(each.name for each in interface.records),
                strict=True,
            )
        )
        self.members = {each.id: _member_names(each) for each in interface.records}
        """The names of the fields or variants of each record, by the record's id."""
        self._sizes: dict[object, int] = {}
        self._depths: dict[object, int] = {}
        self.copied: set[object] = set()
        """The ids of the records that are copied instead of moved."""
        for record in interface.records:
            self._measure(record)

    def _measure(self, record: TypeRecord) -> None:
        shapes = self._interface.members[record.id]
        inside = [self._boxed(record, index) is None for index in range(len(shapes))]
        sizes = [self.size(shape) if fits else _POINTER for shape, fits in zip(shapes, inside, strict=True)]
        if isinstance(record, EnumerationType):
            size = _POINTER + max(sizes, default=0)
        else:
            size = sum(-(-each // _POINTER) * _POINTER for each in sizes)
        self._sizes[record.id] = size
        contained = (self._depth(shape) for shape, fits in zip(shapes, inside, strict=True) if fits)
        self._depths[record.id] = 1 + max(contained, default=0)
        if size <= _LARGEST_COPY and all(inside) and all(map(self.is_copied, shapes)):
            self.copied.add(record.id)

    def _boxed(self, record: TypeRecord, index: int) -> str | None:
        """Return the type of a member that a box holds, None for any other."""
        shape = self._interface.members[record.id][index]
        most = LARGEST_PAYLOAD if isinstance(record, EnumerationType) else LARGEST
        if (record.id, record.members[index].id) in self._interface.boxed:
            if isinstance(shape, Optional):
                return f"Option<Box<{self.owned(shape.value)}>>"
        elif self._fits(shape, most):
            return None
        return f"Box<{self.owned(shape)}>"

    def member(self, record: TypeRecord, index: int) -> str:
        """Return the type of a field, or of what a variant carries."""
        return self._boxed(record, index) or self.owned(self._interface.members[record.id][index])

    def has_payload(self, record: TypeRecord, index: int) -> bool:
        """Return whether a variant carries anything."""
        return self._interface.members[record.id][index] != UNIT

    def held(self, shape: Shape) -> str:
        """Return the type of a parameter or an optional value."""
        return self.owned(shape) if self._fits(shape, LARGEST) else f"Box<{self.owned(shape)}>"

    def owned(self, shape: Shape) -> str:
        """Return the type of a value, without a box."""
        if isinstance(shape, Scalar):
            return _SCALARS.get(shape.kind.name, shape.kind.name)
        if isinstance(shape, Record):
            return self.names[shape.record.id]
        if isinstance(shape, Optional):
            return f"Option<{self.held(shape.value)}>"
        if isinstance(shape, Map):
            return f"BTreeMap<String, {self._entry(shape.value)}>"
        if isinstance(shape, Dynamic):
            return "Value"
        if shape.length is None:
            return f"Vec<{self.owned(shape.item)}>"
        return f"[{self.owned(shape.item)}; {shape.length}]"

    def _entry(self, shape: Shape) -> str:
        """Return the type of a map's values. Any key may be without one, which unit and dynamic values can say."""
        if isinstance(shape, Dynamic) or shape == UNIT:
            return self.owned(shape)
        return f"Option<{self.held(shape)}>"

    def borrowed(self, shape: Shape) -> str:
        """Return the type of a parameter that the function only reads."""
        if isinstance(shape, Optional):
            return f"Option<{self.borrowed(shape.value)}>"
        if isinstance(shape, Array):
            return f"&[{self.owned(shape.item)}]" if shape.length is None else f"&{self.owned(shape)}"
        if shape == STRING:
            return "&str"
        return self.owned(shape) if self.is_copied(shape) else f"&{self.owned(shape)}"

    def is_copied(self, shape: Shape) -> bool:
        """Return whether a value is copied instead of moved."""
        if isinstance(shape, Scalar):
            return shape.kind is not kinds.STRING
        if isinstance(shape, Record):
            return shape.record.id in self.copied
        if isinstance(shape, Optional):
            return self._fits(shape.value, LARGEST) and self.is_copied(shape.value)
        return isinstance(shape, Array) and shape.length is not None and self.is_copied(shape.item)

    def size(self, shape: Shape) -> int:
        """Return the bytes of a value where addresses have 64 bits, or a few more."""
        if isinstance(shape, Scalar):
            return _VECTOR if shape.kind is kinds.STRING else shape.kind.size
        if isinstance(shape, Record):
            return self._sizes[shape.record.id]
        if isinstance(shape, Optional):
            return _POINTER + min(self.size(shape.value), LARGEST)
        if isinstance(shape, Dynamic):
            return _VALUE
        if isinstance(shape, Array) and shape.length is not None:
            return self.size(shape.item) * shape.length
        return _VECTOR

    def _fits(self, shape: Shape, most: int) -> bool:
        """Return whether a value lies in the one that contains it."""
        return self.size(shape) <= most and self._depth(shape) < _DEEPEST

    def _depth(self, shape: Shape) -> int:
        """Return how many records lie in one another in a value."""
        if isinstance(shape, Record):
            return self._depths[shape.record.id]
        if isinstance(shape, Optional) and self._fits(shape.value, LARGEST):
            return self._depth(shape.value)
        return self._depth(shape.item) if isinstance(shape, Array) and shape.length is not None else 0

    def check(self, shape: Shape, path: str) -> None:
        """Raise HeaderError for a type that Rust cannot express, at the path of a member, parameter or result."""
        if isinstance(shape, Array) and shape.length is not None and self.size(shape) > _LARGEST_TYPE:
            raise header_refusal()(path, f"a fixed array of {self.size(shape)} bytes is too large for a type in Rust")


def _member_names(record: TypeRecord) -> list[str]:
    names = (each.name for each in record.members)
    return variant_names(names) if isinstance(record, EnumerationType) else variable_names(names)


_SCALARS: Final = {"unit": "()", "str": "String", "uuid": "Uuid"}
