"""The Python types of shapes: what a call gives, what it accepts, and what a dataclass holds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Final
from uuid import UUID

from ...types import EnumerationType
from ...values import Kind, kinds
from ..shapes import Array, Dynamic, Map, Optional, Record, Shape

_PLAIN: Final[Mapping[Kind, str]] = {
    kinds.UNIT: "None",
    kinds.BOOLEAN: "bool",
    kinds.STRING: "str",
    kinds.UUID: "UUID",
}


class Annotations:
    """The annotations of one file. Each method returns one for a shape, and remembers the names that it uses.

    ``classes`` are the names of the records' classes, by their ids, ``taken`` all names that the file defines. With
    ``plain_forms``, the plain forms of records are accepted besides their classes. ``hidden`` are the names that the
    class around means otherwise, by attributes of its own: they are written as aliases that the file has to define.
    """

    def __init__(self, classes: Mapping[UUID, str], taken: Collection[str], plain_forms: bool) -> None:
        self._classes = classes
        self._taken = taken
        self._plain_forms = plain_forms
        self.hidden: Collection[str] = ()
        self.used: set[str] = set()
        self.aliases: dict[str, str] = {}

    def name(self, name: str) -> str:
        """Return the name as it is written here."""
        self.used.add(name)
        if name not in self.hidden:
            return name
        alias = self.aliases.get(name, f"_{name}")
        while alias in self._taken or alias in self.hidden:
            alias += "_"
        self.aliases[name] = alias
        return alias

    def given(self, shape: Shape) -> str:
        """Return the type of the objects that calls give."""
        return self._of(shape, self.given, self._given_array, self.name("dict") if isinstance(shape, Map) else "")

    def held(self, shape: Shape) -> str:
        """Return the type of an attribute of a dataclass: as given, but any sequence of numbers will do."""
        return self._of(shape, self.held, self._held_array, self.name("dict") if isinstance(shape, Map) else "")

    def accepted(self, shape: Shape) -> str:
        """Return the type of the objects that calls accept."""
        if isinstance(shape, Record):
            return " | ".join([self._class(shape), *self._plain(shape)])
        mapping = self.name("Mapping") if isinstance(shape, Map) else ""
        return self._of(shape, self.accepted, self._accepted_array, mapping)

    def _of(self, shape: Shape, inner: Callable[[Shape], str], array: Callable[[Array], str], mapping: str) -> str:
        if isinstance(shape, Array):
            return array(shape)
        if isinstance(shape, Record):
            return self._class(shape)
        if isinstance(shape, Optional):
            return _or_none(inner(shape.value))
        if isinstance(shape, Map):
            return f"{mapping}[{self.name('str')}, {_or_none(inner(shape.value))}]"
        if isinstance(shape, Dynamic):
            return self._dynamic(shape)
        return self._scalar(shape.kind)

    def _scalar(self, kind: Kind) -> str:
        if kind in _PLAIN:
            plain = _PLAIN[kind]
            return plain if plain == "None" else self.name(plain)
        return self.name("float" if kind.is_float else "int")

    def _class(self, shape: Record) -> str:
        return self.name(self._classes[shape.record.id])

    def _plain(self, shape: Record) -> list[str]:
        if not self._plain_forms:
            return []
        mapping = f"{self.name('Mapping')}[{self.name('str')}, {self.name('Any')}]"
        return [self.name("str"), mapping] if isinstance(shape.record, EnumerationType) else [mapping]

    def _dynamic(self, shape: Dynamic) -> str:
        value = self.name("Value")
        return f"{self.name('Mapping')}[{self.name('str')}, {value} | None] | {value}" if shape.keyed else value

    def _given_array(self, shape: Array) -> str:
        kind = _number(shape)
        if kind is None:
            return f"{self.name('list')}[{self.given(shape.item)}]"
        return self.name("bytes") if kind is kinds.U8 else f"{self.name('array')}[{self._scalar(kind)}]"

    def _held_array(self, shape: Array) -> str:
        kind = _number(shape)
        if kind is None:
            return f"{self.name('list')}[{self.held(shape.item)}]"
        return self.name("bytes") if kind is kinds.U8 else f"{self.name('Sequence')}[{self._scalar(kind)}]"

    def _accepted_array(self, shape: Array) -> str:
        kind = _number(shape)
        if kind is None:
            return f"{self.name('Sequence')}[{self.accepted(shape.item)}]"
        return self.name("Floats" if kind.is_float else "Integers")


def _number(shape: Array) -> Kind | None:
    """Return the kind of an array of numbers that lie packed on the wire, None for any other array."""
    kind = getattr(shape.item, "kind", None)
    return kind if isinstance(kind, Kind) and kind in kinds.NUMBERS and shape.tag == kind.tag else None


def _or_none(annotation: str) -> str:
    return annotation if annotation == "None" or annotation.endswith("| None") else f"{annotation} | None"
