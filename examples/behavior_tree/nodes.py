"""Nodes of py_trees whose work is done by a module: leaves, and a control node that ticks its children from inside."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import UUID

from py_trees.behaviour import Behaviour
from py_trees.common import Status
from py_trees.composites import Composite

from arora_core import Engine
from arora_core import values as v

_ENUMERATION = UUID("325a5767-e344-4532-860e-0749bcf2e428")
_VARIANTS = {
    Status.SUCCESS: UUID("766e9e9a-446d-4e46-83e6-14b7ca101169"),
    Status.FAILURE: UUID("2468f46c-bb60-425c-9a4d-9ad326ccc7e2"),
    Status.RUNNING: UUID("acd79ec6-0c44-401a-82f8-5da5422d3eec"),
}


def to_value(status: Status) -> v.Enumeration:
    """Return a status as modules know it, ``behavior_tree.Status``."""
    return v.Enumeration(_ENUMERATION, _VARIANTS[status])


def from_member(member: Any) -> Status:
    """Return the status that a module answered with."""
    return Status[member.name.upper()]


class ModuleLeaf(Behaviour):
    """A leaf: one tick is one call of a module's function, which answers with a status."""

    def __init__(self, name: str, function: Callable[[], Any]) -> None:
        super().__init__(name)
        self._function = function

    def update(self) -> Status:
        return from_member(self._function())


class ModuleControl(Composite):
    """A control node in a module: the module decides which children to tick, and ticks them by their callables."""

    def __init__(self, name: str, function: Callable[..., Any], engine: Engine, children: Sequence[Behaviour]) -> None:
        super().__init__(name, list(children))
        self._function = function
        self._visited: list[Behaviour] = []
        ticks = [lambda child=child: self._tick_child(child) for child in children]
        self._ids = [engine.register_callable(tick) for tick in ticks]

    def tick(self) -> Iterator[Behaviour]:
        """Tick the node once: yields the nodes that were ticked, itself last."""
        self._visited = []
        self.status = from_member(self._function([{"callable_id": each} for each in self._ids]))
        for child in self.children:
            if child not in self._visited and child.status != Status.INVALID:
                child.stop(Status.INVALID)
        yield from self._visited
        yield self

    def _tick_child(self, child: Behaviour) -> v.Enumeration:
        self._visited.extend(child.tick())
        return to_value(child.status)
