"""A module's interface as generators use it: its functions and records, with the shape of every type looked up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from ..documents.places import Place, header_refusal
from ..header import ExportedFunction, Header, ImportedFunction
from ..header.used_types import used_types
from ..types.registry import TypeRecord
from ..values import Value
from .record_order import ordered
from .shapes import Shape, Shapes


@dataclass(frozen=True, slots=True)
class InterfaceParameter:
    """A parameter. ``path`` is its place in the header, for errors: ``exports[0].parameters[1]``."""

    id: UUID
    name: str
    shape: Shape
    mutable: bool
    default: Value | None
    path: str


@dataclass(frozen=True, slots=True)
class InterfaceFunction:
    """A function that the module exports, or one that it imports from ``module``."""

    id: UUID
    name: str
    parameters: tuple[InterfaceParameter, ...]
    ret: Shape
    module: UUID | None
    path: str

    @property
    def mutable(self) -> tuple[InterfaceParameter, ...]:
        """The parameters that the result contains, in order."""
        return tuple(each for each in self.parameters if each.mutable)


@dataclass(frozen=True, slots=True)
class Interface:
    """What a module offers and needs. ``records`` holds all types that its functions use, contained ones first."""

    header: Header
    exports: tuple[InterfaceFunction, ...]
    imports: tuple[InterfaceFunction, ...]
    records: tuple[TypeRecord, ...]
    members: Mapping[UUID, tuple[Shape, ...]]
    """The shapes of the fields or variants of each record, by the record's id, in the record's order."""
    boxed: frozenset[tuple[UUID, UUID]]
    """The members that a pointer must hold, by the ids of the record and the member: without it they would contain
    themselves. See :mod:`.record_order`."""
    modules: Mapping[UUID, str]
    """The names of the modules that it imports from, as far as records give them."""


def interface_of(header: Header) -> Interface:
    """Return the interface of the module with this header.

    Raises HeaderError for a type that no record declares, and for a record that always contains itself.
    """
    shapes = Shapes(header.types)
    place = Place(None, header_refusal())
    records = {each.id: each for each in used_types([*header.exports, *header.imports], header.types)}
    members = {
        id: tuple(shapes.of(member.type, place.at(record.path, member.name)) for member in record.members)
        for id, record in records.items()
    }
    order = ordered(records, members)
    known = {each.id: each.name for each in header.types.modules()}
    return Interface(
        header=header,
        exports=tuple(_function(each, shapes, place.at("exports", index)) for index, each in enumerate(header.exports)),
        imports=tuple(_function(each, shapes, place.at("imports", index)) for index, each in enumerate(header.imports)),
        records=order.records,
        members=members,
        boxed=order.boxed,
        modules={each.module: known[each.module] for each in header.imports if each.module in known},
    )


def _function(function: ExportedFunction | ImportedFunction, shapes: Shapes, place: Place) -> InterfaceFunction:
    parameters = []
    for index, each in enumerate(function.parameters):
        at = place.at("parameters", index)
        shape = shapes.of(each.type, at.at("type"))
        parameters.append(InterfaceParameter(each.id, each.name, shape, each.mutable, each.default_value, at.path))
    module = function.module if isinstance(function, ImportedFunction) else None
    ret = shapes.of(function.ret, place.at("ret"))
    return InterfaceFunction(function.id, function.name, tuple(parameters), ret, module, place.path)
