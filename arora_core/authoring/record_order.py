"""The order in which records are declared, and which of their members have to be pointers.

In languages whose types have a size, a record has to come after those it contains, and none can contain itself. What a
record holds in an array or a map lies elsewhere in memory and is no matter here. A payload of an enumeration and the
value of an option are contained, but where that makes a circle, they are boxed: held by a pointer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from ..documents.places import header_refusal
from ..types import EnumerationType
from ..types.registry import TypeRecord
from .shapes import Array, Optional, Record, Shape


@dataclass(frozen=True, slots=True)
class RecordOrder:
    """The records, each after those it contains, and the boxed members: the id of the record, and of the member."""

    records: tuple[TypeRecord, ...]
    boxed: frozenset[tuple[UUID, UUID]]


@dataclass(frozen=True, slots=True)
class _Edge:
    """A member that contains another record. ``loose`` says whether a pointer may take its place."""

    member: UUID
    target: UUID
    loose: bool


def ordered(records: Mapping[UUID, TypeRecord], shapes: Mapping[UUID, tuple[Shape, ...]]) -> RecordOrder:
    """Return the order of the records, by their ids, whose members have these shapes.

    Raises HeaderError for a record that always contains itself, so that it has no value.
    """
    edges = {id: list(_edges(record, shapes[id])) for id, record in records.items()}
    circles = _circles(edges)
    boxed: set[tuple[UUID, UUID]] = set()
    for id, leaving in edges.items():
        boxed.update((id, edge.member) for edge in leaving if edge.loose and circles[id] == circles[edge.target])
    kept = {id: [edge.target for edge in leaving if (id, edge.member) not in boxed] for id, leaving in edges.items()}
    return RecordOrder(tuple(records[id] for id in _contained_first(kept, records)), frozenset(boxed))


def always_contained(
    records: Mapping[UUID, TypeRecord], shapes: Mapping[UUID, tuple[Shape, ...]]
) -> list[list[TypeRecord]]:
    """Return the circles of records that always contain themselves and each other, so that they have no value."""
    edges = {id: [edge for edge in _edges(record, shapes[id]) if not edge.loose] for id, record in records.items()}
    by_circle: dict[int, list[TypeRecord]] = {}
    for id, circle in _circles(edges).items():
        by_circle.setdefault(circle, []).append(records[id])
    return [
        circle
        for circle in by_circle.values()
        if len(circle) > 1 or any(edge.target == circle[0].id for edge in edges[circle[0].id])
    ]


def _edges(record: TypeRecord, shapes: Iterable[Shape]) -> Iterator[_Edge]:
    payload = isinstance(record, EnumerationType)
    for member, shape in zip(record.members, shapes, strict=True):
        held, loose = shape, payload
        if isinstance(held, Optional):
            held, loose = held.value, True
        while isinstance(held, Array) and held.length is not None:
            held = held.item
        if isinstance(held, Record):
            yield _Edge(member.id, held.record.id, loose)


def _circles(edges: Mapping[UUID, list[_Edge]]) -> dict[UUID, int]:
    """Return a number for each record, the same for two that contain each other.

    R. Tarjan, "Depth-first search and linear graph algorithms" (1972), without recursion: records nest deeply.
    """
    number: dict[UUID, int] = {}
    lowest: dict[UUID, int] = {}
    circle: dict[UUID, int] = {}
    open_: list[UUID] = []
    for start in edges:
        if start in number:
            continue
        path = [(start, iter(edges[start]))]
        number[start] = lowest[start] = len(number)
        open_.append(start)
        while path:
            id, leaving = path[-1]
            edge = next(leaving, None)
            if edge is None:
                path.pop()
                if path:
                    lowest[path[-1][0]] = min(lowest[path[-1][0]], lowest[id])
                if lowest[id] == number[id]:
                    while id not in circle:
                        circle[open_.pop()] = number[id]
            elif edge.target not in number:
                number[edge.target] = lowest[edge.target] = len(number)
                open_.append(edge.target)
                path.append((edge.target, iter(edges[edge.target])))
            elif edge.target not in circle:
                lowest[id] = min(lowest[id], number[edge.target])
    return circle


def _contained_first(targets: Mapping[UUID, list[UUID]], records: Mapping[UUID, TypeRecord]) -> list[UUID]:
    done: dict[UUID, bool] = {}
    order: list[UUID] = []
    for start in targets:
        path = [(start, iter(targets[start]))] if start not in done else []
        done.setdefault(start, False)
        while path:
            id, contained = path[-1]
            target = next(contained, None)
            if target is None:
                path.pop()
                done[id] = True
                order.append(id)
            elif target not in done:
                done[target] = False
                path.append((target, iter(targets[target])))
            elif not done[target]:
                raise header_refusal()("", f"{records[target].path} always contains itself, so it has no value")
    return order
