"""The fewest bytes that values take in a buffer: by these a count is checked before memory is allocated for it."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from ...types import EnumerationType
from ...values import Kind, kinds
from ..interface import Interface
from ..shapes import Array, Dynamic, Map, Optional, Record, Scalar, Shape

_MOST: Final = 0xFFFFFFFF
"""No buffer is larger."""
_ID: Final = 16
_COUNT: Final = 4


class WireSizes:
    """The fewest bytes of the values of one interface (ABI §1)."""

    def __init__(self, interface: Interface) -> None:
        self._items: dict[UUID, int] = {}
        # Contained ones come first; of those that come later, boxed ones, a tag is counted.
        for record in interface.records:
            members = [self.of(each) for each in interface.members[record.id]]
            if isinstance(record, EnumerationType):
                size = _ID + min(members, default=1)
            else:
                size = _COUNT + sum(_ID + each for each in members)
            self._items[record.id] = min(size, _MOST)

    def of(self, shape: Shape) -> int:
        """Return the fewest bytes of a value with its tag."""
        if isinstance(shape, Scalar):
            return 1 + _size(shape.kind)
        if isinstance(shape, Dynamic):
            return 1
        if isinstance(shape, Optional):
            return 2
        if isinstance(shape, Map):
            return 1 + _ID + _COUNT
        if isinstance(shape, Record):
            return min(1 + _ID + self._items.get(shape.record.id, 0), _MOST)
        return min(2 + _COUNT + (shape.length or 0) * self.item(shape), _MOST)

    def item(self, array: Array) -> int:
        """Return the fewest bytes of an item of an array."""
        if isinstance(array.item, Record):
            return self._items.get(array.item.record.id, 1)
        if isinstance(array.item, Scalar) and array.tag == array.item.kind.tag:
            return _size(array.item.kind)
        return self.of(array.item)


def _size(kind: Kind) -> int:
    """Return the fewest bytes of a plain value after its tag."""
    if kind == kinds.STRING:
        return _COUNT
    return _ID if kind == kinds.UUID else kind.size
