"""How the core modules of a component are linked: :mod:`.component_reader` reads it, and an executor carries it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Union

from .component_types import FunctionType


@dataclass(frozen=True)
class CoreExport:
    """What a core instance exports under this name. ``instance`` is an index of :attr:`ComponentPlan.instances`."""

    instance: int
    name: str


@dataclass(frozen=True)
class Lowered:
    """A function of the host as a core function. Its buffers are in ``memory``, from the allocator ``realloc``."""

    interface: str
    """``wasi:cli/stdout@0.2.0``; empty for a function that the world imports by itself."""
    name: str
    type: FunctionType
    memory: CoreItem | None
    realloc: CoreItem | None


@dataclass(frozen=True)
class Dropped:
    """The core function by which a component gives up a resource of the host, whose handle it takes."""

    interface: str
    name: str


@dataclass(frozen=True)
class Unavailable:
    """A core function that no host of Arora offers. Components that need it are refused."""

    what: str


UNFREED_RESULTS: Final = "arora.unfreed-results"
"""The name of a custom section, without content, by which a component says that it does not free results in ``ok``.

A call of the nil id only frees its argument, and returns nothing: the host gives each result back as the argument of
such a call.
"""

CoreItem = Union[CoreExport, Lowered, Dropped, Unavailable]


@dataclass(frozen=True)
class Instantiated:
    """A new instance of a core module. ``arguments`` are instances, by the namespace of its imports."""

    module: int
    """An index of :attr:`ComponentPlan.modules`."""
    arguments: Mapping[str, int]


CoreInstance = Union[Instantiated, Mapping[str, CoreItem]]
"""A module's instance, or items that are put together as one, by name."""


@dataclass(frozen=True)
class Lifted:
    """An exported function of the component, and the core function behind it."""

    type: FunctionType
    function: CoreItem
    memory: CoreItem | None
    realloc: CoreItem | None
    post_return: CoreItem | None


@dataclass(frozen=True)
class ComponentPlan:
    """The parts of a component. ``instances`` are made in order: each refers to earlier ones only."""

    modules: Sequence[bytes]
    instances: Sequence[CoreInstance]
    functions: Mapping[str, Lifted | Unavailable]
    """The functions that it exports, by name."""
    imports: Sequence[Lowered]
    """The functions of the host that it lowers."""
    unfreed_results: bool = False
    """Whether it has the custom section :data:`UNFREED_RESULTS`."""
