"""Arrays: packed numbers, and tuples of everything else."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

from . import numeric
from .base import IdLike, Tag, Value, checked, each, set_once, text, uuid
from .numeric import NumberKind
from .records import fields_of


class _Array(Value):
    """A sequence: ``len``, iteration and indexing work on the value itself as on its ``items``."""

    __slots__ = ()
    tag = Tag.ARRAY
    element_tag: ClassVar[Tag]

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
    """Kept as the packed little-endian bytes of the wire: millions of items cost no Python objects."""

    __slots__ = ("raw",)
    kind: ClassVar[NumberKind]
    raw: bytes
    """The packed items, little-endian."""

    def __init__(self, items: object = ()) -> None:
        set_once(self, "raw", numeric.pack(self.kind, items))

    @property
    def items(self) -> array[Any]:
        """A fresh ``array.array`` of the items (one copy)."""
        return numeric.unpack(self.kind, self.raw)

    def __len__(self) -> int:
        return len(self.raw) // self.kind.size

    def __repr__(self) -> str:
        shown = numeric.unpack(self.kind, self.raw[: 16 * self.kind.size]).tolist()
        if len(self) <= len(shown):
            return f"{type(self).__name__}({shown})"
        return f"<{type(self).__name__} of {len(self)}: {str(shown)[:-1]}, ...]>"

    def _key(self) -> object:
        return self.raw

    def __reduce__(self) -> tuple[object, ...]:
        return from_raw, (type(self), self.raw)


def from_raw(cls: type[NumberArray], raw: bytes) -> NumberArray:
    """A number array of exactly these packed little-endian bytes: for decoders, which have checked the length."""
    value = object.__new__(cls)
    set_once(value, "raw", raw)
    return value


class ArrayU8(NumberArray):
    """u8[]."""

    __slots__ = ()
    element_tag, kind = Tag.U8, numeric.U8


class ArrayU16(NumberArray):
    """u16[]."""

    __slots__ = ()
    element_tag, kind = Tag.U16, numeric.U16


class ArrayU32(NumberArray):
    """u32[]."""

    __slots__ = ()
    element_tag, kind = Tag.U32, numeric.U32


class ArrayU64(NumberArray):
    """u64[]."""

    __slots__ = ()
    element_tag, kind = Tag.U64, numeric.U64


class ArrayI8(NumberArray):
    """i8[]."""

    __slots__ = ()
    element_tag, kind = Tag.I8, numeric.I8


class ArrayI16(NumberArray):
    """i16[]."""

    __slots__ = ()
    element_tag, kind = Tag.I16, numeric.I16


class ArrayI32(NumberArray):
    """i32[]."""

    __slots__ = ()
    element_tag, kind = Tag.I32, numeric.I32


class ArrayI64(NumberArray):
    """i64[]."""

    __slots__ = ()
    element_tag, kind = Tag.I64, numeric.I64


class ArrayF32(NumberArray):
    """f32[]."""

    __slots__ = ()
    element_tag, kind = Tag.F32, numeric.F32


class ArrayF64(NumberArray):
    """f64[]."""

    __slots__ = ()
    element_tag, kind = Tag.F64, numeric.F64


class ItemArray(_Array):
    """An array kept as a tuple of Python objects."""

    __slots__ = ("_items",)
    _items: tuple[Any, ...]

    @property
    def items(self) -> tuple[Any, ...]:
        return self._items

    def _key(self) -> object:
        return self._items


class ArrayBoolean(ItemArray):
    """bool[]."""

    __slots__ = ()
    element_tag = Tag.BOOLEAN

    def __init__(self, items: Iterable[bool] = ()) -> None:
        set_once(self, "_items", tuple(each(numeric.boolean, items)))


class ArrayString(ItemArray):
    """str[]."""

    __slots__ = ()
    element_tag = Tag.STRING

    def __init__(self, items: Iterable[str] = ()) -> None:
        set_once(self, "_items", tuple(each(text, items)))


class ArrayValue(ItemArray):
    """value[]: each item is any value at all."""

    __slots__ = ()
    element_tag = Tag.VALUE

    def __init__(self, items: Iterable[Value] = ()) -> None:
        set_once(self, "_items", tuple(each(checked, items)))


class ArrayStructure(ItemArray):
    """Structures of one type; each item is the tuple of a structure's fields."""

    __slots__ = ("id",)
    element_tag = Tag.STRUCTURE
    id: UUID

    def __init__(self, id: IdLike, items: Iterable[Iterable[tuple[IdLike, Value]]] = ()) -> None:
        set_once(self, "id", uuid(id))
        set_once(self, "_items", tuple(each(fields_of, items)))

    def _key(self) -> object:
        return self.id, self._items

    def _arguments(self) -> tuple[object, ...]:
        return self.id, list(self._items)


class Variant(NamedTuple):
    """One item of an ArrayEnumeration: the variant and what it carries."""

    variant_id: UUID
    value: Value


class ArrayEnumeration(ItemArray):
    """Variants of one enumeration."""

    __slots__ = ("id",)
    element_tag = Tag.ENUMERATION
    id: UUID

    def __init__(self, id: IdLike, items: Iterable[tuple[IdLike, Value]] = ()) -> None:
        set_once(self, "id", uuid(id))
        set_once(self, "_items", tuple(each(_variant, items)))

    def _key(self) -> object:
        return self.id, self._items

    def _arguments(self) -> tuple[object, ...]:
        return self.id, list(self._items)


NUMBER_ARRAYS: tuple[type[NumberArray], ...] = (
    ArrayU8, ArrayU16, ArrayU32, ArrayU64, ArrayI8, ArrayI16, ArrayI32, ArrayI64, ArrayF32, ArrayF64,
)  # fmt: skip


def _variant(item: tuple[IdLike, Value]) -> Variant:
    variant_id, value = item
    return Variant(uuid(variant_id), checked(value))
