"""Arrays: numbers as packed bytes, everything else as tuples."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar, Final, NamedTuple
from uuid import UUID

from . import kinds, numeric
from .base import IdLike, Value, checked, each, set_once, text, uuid
from .kinds import Kind, Tag
from .records import fields_of


class _Array(Value):
    """A sequence: ``len``, iteration and indexing apply to its ``items``."""

    __slots__ = ()
    element_tag: ClassVar[Tag]

    def __init_subclass__(cls, kind: Kind | None = None) -> None:
        super().__init_subclass__(kind)
        cls.tag = Tag.ARRAY
        if kind is not None:
            cls.element_tag = kind.tag

    @property
    def items(self) -> Sequence[Any]:
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items)

    def __getitem__(self, index: int) -> Any:
        return self.items[index]

    def _arguments(self) -> tuple[object, ...]:
        return (list(self.items),)


class NumberArray(_Array):
    """An array of numbers, kept as the packed little-endian bytes of the wire: no Python object per item."""

    __slots__ = ("raw",)
    raw: bytes
    """The packed items, little-endian."""

    def __init__(self, items: object = ()) -> None:
        set_once(self, "raw", numeric.pack(self.kind, items))

    @property
    def items(self) -> array[Any]:
        """The items as a new ``array.array`` (one copy)."""
        return numeric.unpack(self.kind, self.raw)

    def __len__(self) -> int:
        return len(self.raw) // self.kind.size

    def __getitem__(self, index: Any) -> Any:
        size = self.kind.size
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            if step != 1:
                return self.items[index]
            return numeric.unpack(self.kind, self.raw[start * size : max(start, stop) * size])
        at = range(len(self))[index] * size
        return struct.unpack_from("<" + self.kind.code, self.raw, at)[0]

    def __repr__(self) -> str:
        first = numeric.unpack(self.kind, self.raw[: 16 * self.kind.size]).tolist()
        if len(self) <= len(first):
            return f"{type(self).__name__}({first})"
        return f"<{type(self).__name__} of {len(self)}: {str(first)[:-1]}, ...]>"

    def _key(self) -> object:
        return self.raw

    def __reduce__(self) -> tuple[object, ...]:
        return from_raw, (type(self), self.raw)


def from_raw(cls: type[NumberArray], raw: bytes) -> NumberArray:
    """Return the number array of these packed little-endian bytes. For decoders: the length is not checked."""
    value = object.__new__(cls)
    set_once(value, "raw", raw)
    return value


class ArrayU8(NumberArray, kind=kinds.U8):
    __slots__ = ()


class ArrayU16(NumberArray, kind=kinds.U16):
    __slots__ = ()


class ArrayU32(NumberArray, kind=kinds.U32):
    __slots__ = ()


class ArrayU64(NumberArray, kind=kinds.U64):
    __slots__ = ()


class ArrayI8(NumberArray, kind=kinds.I8):
    __slots__ = ()


class ArrayI16(NumberArray, kind=kinds.I16):
    __slots__ = ()


class ArrayI32(NumberArray, kind=kinds.I32):
    __slots__ = ()


class ArrayI64(NumberArray, kind=kinds.I64):
    __slots__ = ()


class ArrayF32(NumberArray, kind=kinds.F32):
    __slots__ = ()


class ArrayF64(NumberArray, kind=kinds.F64):
    __slots__ = ()


class ItemArray(_Array):
    """An array kept as a tuple of Python objects."""

    __slots__ = ("_items",)
    _items: tuple[Any, ...]

    @property
    def items(self) -> tuple[Any, ...]:
        return self._items

    def _key(self) -> object:
        return self._items


class ArrayBoolean(ItemArray, kind=kinds.BOOLEAN):
    """An array of booleans."""

    __slots__ = ()

    def __init__(self, items: Sequence[bool] = ()) -> None:
        set_once(self, "_items", tuple(each(numeric.boolean, items)))


class ArrayString(ItemArray, kind=kinds.STRING):
    """An array of text."""

    __slots__ = ()

    def __init__(self, items: Sequence[str] = ()) -> None:
        set_once(self, "_items", tuple(each(text, items)))


class ArrayValue(ItemArray, kind=kinds.VALUE):
    """An array of dynamic values: each item is any value."""

    __slots__ = ()

    def __init__(self, items: Sequence[Value] = ()) -> None:
        set_once(self, "_items", tuple(each(checked, items)))


class ArrayStructure(ItemArray, kind=kinds.STRUCTURE):
    """An array of structures of one type; each item is the tuple of a structure's fields."""

    __slots__ = ("id",)
    id: UUID

    def __init__(self, id: IdLike, items: Sequence[Iterable[tuple[IdLike, Value]]] = ()) -> None:
        set_once(self, "id", uuid(id))
        set_once(self, "_items", tuple(each(fields_of, items)))

    def _key(self) -> object:
        return self.id, self._items

    def _arguments(self) -> tuple[object, ...]:
        return self.id, list(self._items)


class Variant(NamedTuple):
    """One item of an ArrayEnumeration: the variant's id and its payload."""

    variant_id: UUID
    value: Value


class ArrayEnumeration(ItemArray, kind=kinds.ENUMERATION):
    """An array of enumerations of one type; each item is a :class:`Variant`."""

    __slots__ = ("id",)
    id: UUID

    def __init__(self, id: IdLike, items: Sequence[tuple[IdLike, Value]] = ()) -> None:
        set_once(self, "id", uuid(id))
        set_once(self, "_items", tuple(each(_variant, items)))

    def _key(self) -> object:
        return self.id, self._items

    def _arguments(self) -> tuple[object, ...]:
        return self.id, list(self._items)


NUMBER_ARRAYS: Final = tuple(NumberArray.__subclasses__())
ARRAYS: Final[tuple[type[NumberArray] | type[ItemArray], ...]] = (*NUMBER_ARRAYS, *ItemArray.__subclasses__())
"""The classes of arrays."""


def _variant(item: tuple[IdLike, Value]) -> Variant:
    variant_id, value = item
    return Variant(uuid(variant_id), checked(value))
