"""Moving wasmer's Python objects between threads.

Each object remembers the thread that made it, and panics in any other. The functions and memories of Wasmer 2 that it
wraps may be used from any thread, one at a time, which the engine's lock and the GIL ensure; wasmer never releases the
GIL. The object stores its thread's number in its last word. Writing another thread's number there moves it. So the
dependency on wasmer is pinned to one version, and :func:`check` verifies this layout.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from ctypes import c_uint64, sizeof
from typing import Final

from arora_core.errors import ExecutorUnavailable

from . import runtime


def _pin(thing: object) -> c_uint64:
    return c_uint64.from_address(id(thing) + type(thing).__basicsize__ - sizeof(c_uint64))


class _Here(threading.local):
    """wasmer's number of the current thread. Unlike ``threading.get_ident`` it is never reused."""

    def __init__(self) -> None:
        self.number = _pin(runtime.new_import_object()).value


here: Final = _Here()


class Pins:
    """The objects of one instance, made in the current thread. ``thread`` is the number of their thread."""

    def __init__(self, things: Iterable[object]) -> None:
        self._things = list(things)
        self._pins = [_pin(thing) for thing in self._things]
        self.thread = here.number

    def move_here(self) -> None:
        """Move all objects to the current thread."""
        self.thread = here.number
        for pin in self._pins:
            pin.value = self.thread


def check() -> None:
    """Raise ExecutorUnavailable if wasmer's objects do not store their thread as expected."""
    seen: list[list[int]] = []

    def look() -> None:
        store = runtime.new_store()
        things = [runtime.new_import_object(), runtime.new_function(store, lambda: None, runtime.NO_TYPE)]
        seen.append([_pin(thing).value for thing in things])

    look()
    thread = threading.Thread(target=look, name="arora-wasmer check")
    thread.start()
    thread.join()
    (here, also_here), (there, also_there) = seen
    if not (here == also_here != there == also_there != 0 != here):
        raise ExecutorUnavailable("this build of wasmer is not the one that arora-wasmer supports; use arora-wasmtime")
