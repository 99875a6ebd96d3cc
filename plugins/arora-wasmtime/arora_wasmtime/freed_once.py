"""The classes of wasmtime-py that this plugin closes itself, made safe from signals.

``close`` of wasmtime-py deletes the C object and then forgets its pointer. If a signal's handler raises in between, as
Ctrl-C does, the finalizer deletes the same object again, which corrupts the heap. Here an object remembers that it is
deleted before it is. An exception at the worst moment leaks the object instead.

Everything else of wasmtime-py is left to its finalizer, which runs once.
"""

from __future__ import annotations

from typing import Any

import wasmtime


class _FreedOnce:
    _deleted = False

    def _delete(self, ptr: Any) -> None:
        """Override the method by which wasmtime-py deletes a C object. A release that has none ignores this one."""
        # Not in __dict__, which CPython makes when it is asked for. The garbage collector, which may be running this as
        # part of a finalizer, would take the new object for one that is in use, and keep what its values refer to.
        if not self._deleted:
            self._deleted = True
            super()._delete(ptr)  # type: ignore[misc]


class Engine(_FreedOnce, wasmtime.Engine):
    """An engine that is freed once."""


class Linker(_FreedOnce, wasmtime.Linker):
    """A linker that is freed once."""


class Module(_FreedOnce, wasmtime.Module):
    """A module that is freed once."""


class Store(_FreedOnce, wasmtime.Store):
    """A store that is freed once, and knows its engine."""

    def __init__(self, engine: wasmtime.Engine) -> None:
        super().__init__(engine)
        self.engine = engine
