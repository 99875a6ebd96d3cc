"""wasmer's Python objects, made usable in every thread.

Each remembers the thread that made it and panics in any other, although what it wraps (Wasmer 2's functions and
memories) may be used from any thread, one at a time: the engine's lock and the GIL, which wasmer never gives up,
see to that. The memory of the thread is a number, the last word of the object; an object is handed to another
thread by writing that thread's number there. The dependency on wasmer is pinned to one version for this reason,
and :func:`check` looks whether it is built as expected.
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
    """The number of the current thread. Unlike ``threading.get_ident`` it is never given to another one."""

    def __init__(self) -> None:
        self.number = _pin(runtime.new_import_object()).value


here: Final = _Here()


class Pins:
    """Those of the objects of one instance, made in the current thread; ``thread`` is the one they are in."""

    def __init__(self, things: Iterable[object]) -> None:
        self._things = list(things)
        self._pins = [_pin(thing) for thing in self._things]
        self.thread = here.number

    def move_here(self) -> None:
        """Hands all the objects to the current thread."""
        self.thread = here.number
        for pin in self._pins:
            pin.value = self.thread


def check() -> None:
    """Raises ExecutorUnavailable when wasmer's objects do not remember threads in the way that is known here."""
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
        raise ExecutorUnavailable("this build of wasmer is not the one arora-wasmer was made for; use arora-wasmtime")
