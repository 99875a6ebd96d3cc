"""The modules that an engine has loaded, by id."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from uuid import UUID

from ..errors import FunctionNotFound, ModuleNotFound
from .module_entry import ModuleEntry


class ModuleTable:
    """The loaded modules by id, in the order in which they were loaded. Ids are 16 raw bytes."""

    __slots__ = ("_entries", "forget", "get")

    def __init__(self) -> None:
        self._entries: dict[bytes, ModuleEntry] = {}
        self.forget: Final = self._entries.pop
        """Removes a module: ``forget(id, None)``. As it is C, no exception of a signal's handler can prevent it."""
        self.get: Final = self._entries.get
        """Returns the module with that id, or None."""

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[ModuleEntry]:
        # A copy, because another thread may load a module during the iteration.
        return iter(list(self._entries.values()))

    def __getitem__(self, id: bytes) -> ModuleEntry:
        """Return the module with that id. Raises ModuleNotFound, which lists the loaded modules."""
        entry = self._entries.get(id)
        if entry is None:
            known = ", ".join(each.header.name for each in self) or "none"
            raise ModuleNotFound(f"no module {UUID(bytes=id)} is loaded (loaded: {known})")
        return entry

    def put(self, entry: ModuleEntry) -> None:
        """Add a module, in the place of one with the same id."""
        self._entries[entry.header.id.bytes] = entry

    def clear(self) -> None:
        """Remove every module."""
        self._entries.clear()

    def exporting(self, function_id: UUID) -> ModuleEntry:
        """Return the only module that exports a function. Raises FunctionNotFound where none or several do."""
        having = [each for each in self if function_id.bytes in each.functions]
        if len(having) != 1:
            names = ", ".join(each.header.name for each in having)
            reason = f"several modules export it ({names}): name one" if having else "no loaded module exports it"
            raise FunctionNotFound(f"function {function_id}: {reason}")
        return having[0]
