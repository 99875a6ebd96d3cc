"""Loaded modules and their functions are pickled as what they are made of, and loaded where they are unpickled.

That is the header, the executable, the name of the executor, the limits, and the loaded modules that the header
imports. The state of the guest is not part of it.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ..header import Header, ModuleDefinition
from ..header.used_types import used_types
from ..limits import Limits
from ..types import TypeRegistry
from .host_module import HostModule
from .loaded_module import ModuleHandle

# Imported late, with what it needs: few programs pickle a module.
if TYPE_CHECKING:
    from .callables import Callables
    from .carried import Guest, Loader, Part, Parts
    from .module_entry import ModuleEntry
    from .module_table import ModuleTable


class Pickling:
    """How one loaded module is pickled."""

    __slots__ = ("_callables", "_entry", "_guest", "_modules", "_new_engine")

    def __init__(
        self, new_engine: Callable[[], Loader], entry: ModuleEntry, modules: ModuleTable, callables: Callables
    ) -> None:
        self._new_engine = new_engine
        self._entry = entry
        self._modules = modules
        self._callables = callables
        self._guest: Part | None = None

    @property
    def made_of(self) -> ModuleDefinition | HostModule:
        """What the module was loaded from."""
        return self._entry.made_of

    @property
    def limits(self) -> Limits:
        """The limits of the module."""
        return self._entry.limits

    def module(self, handle: ModuleHandle) -> tuple[Any, ...]:
        """Return what ``handle.__reduce__`` has to. Raises PicklingError for what cannot be carried."""
        from . import carried

        if handle._origin is handle:
            return carried.module, (self._new_engine, self._parts())
        return carried.typed_module, (type(handle), self._new_engine, self._parts())

    def function(self, name: str) -> tuple[Any, ...]:
        """Return what ``__reduce__`` of the function has to. Raises PicklingError for what cannot be carried."""
        from . import carried

        return carried.function, (self._new_engine, self._parts(), name)

    def _parts(self) -> Parts:
        entries = list(_with_imported(self._entry, self._modules, set()))
        return tuple(entry.pickling.part() for entry in entries)

    def part(self) -> Part:
        """Return the module without those that it imports."""
        from .carried import Part, pickled

        entry = self._entry
        if entry.closed:
            raise pickle.PicklingError(f"the module {entry.header.name} has been unloaded")
        made_of = entry.made_of
        if isinstance(made_of, HostModule):
            return Part(made_of.key, made_of)
        self._refuse_callables(made_of)
        if self._guest is None:
            self._guest = pickled(_guest(entry, made_of))
        return self._guest

    def _refuse_callables(self, definition: ModuleDefinition) -> None:
        """Raise PicklingError if the guest may call callables that are registered with its engine."""
        from ..wasm.guest_symbols import DISPATCH_INDIRECT

        registered = self._callables.registered()
        if registered and DISPATCH_INDIRECT.encode() in definition.executable:
            listed = ", ".join(f"{function!r} (id {id})" for id, function in registered.items())
            raise pickle.PicklingError(
                f"the module {definition.header.name} may call the callables that are registered with its engine, "
                f"which cannot be pickled: {listed}. Unregister them first, or make them functions of a host module"
            )


def _with_imported(entry: ModuleEntry, modules: ModuleTable, seen: set[UUID]) -> Iterator[ModuleEntry]:
    """Yield the loaded modules that a module imports, directly or not, and then the module."""
    seen.add(entry.header.id)
    for imported in dict.fromkeys(each.module for each in entry.header.imports):
        found = modules.get(imported.bytes)
        if found is not None and imported not in seen:
            yield from _with_imported(found, modules, seen)
    yield entry


def _guest(entry: ModuleEntry, definition: ModuleDefinition) -> Guest:
    from .carried import Guest

    path = None if definition.path is None else str(definition.path.absolute())
    always = entry.restarting is not None and entry.restarting.always
    return Guest(
        _with_used_types(entry),
        bytes(definition.executable),
        path,
        entry.executor,
        entry.limits,
        "restart" if always else "repair",
    )


def _with_used_types(entry: ModuleEntry) -> Header:
    """Return the header of a module with the records that its functions use, wherever the engine has them from."""
    header = entry.header
    registry = next((each._generic.registry for each in entry.handle.functions.values()), header.types)
    return replace(header, types=TypeRegistry(used_types((*header.exports, *header.imports), registry)))
