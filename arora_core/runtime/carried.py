"""Modules that came out of a pickle: each is loaded once a process and thread."""

from __future__ import annotations

import os
import pickle
import threading
from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple, NoReturn, Protocol, Union

from ..errors import AroraError
from ..executor import Limits
from ..header import Header, ModuleDefinition
from .host_module import HostModule
from .loaded_module import Function, LoadedModule, ModuleHandle

_PROTOCOL: Final = 4
"""The newest that every supported interpreter reads."""
MOST: Final = 32
"""The modules that a thread keeps. Beyond them, it forgets the one that was used least recently."""


class Part(NamedTuple):
    """One module, pickled."""

    key: bytes
    """Is the same only for the same module."""
    made_of: Union[bytes, HostModule]
    """The pickled :class:`Guest`. It stays pickled where it is loaded already."""


class Guest(NamedTuple):
    """What the module of a guest is made of."""

    header: Header
    """Its registry has the records that its functions use."""
    executable: bytes
    path: str | None
    """The file of the executable, where it was one."""
    executor: str
    limits: Limits
    after_trap: str


Parts = tuple[Part, ...]
"""A module after the modules that it calls."""


class Loader(Protocol):
    """An engine."""

    def load_module(
        self, definition: ModuleDefinition, *, executor: str | None, limits: Limits | None, after_trap: str
    ) -> LoadedModule: ...

    def register(self, module: HostModule) -> LoadedModule: ...

    def close(self) -> None: ...


class _Kept(threading.local):
    """The modules that the current thread has loaded, by the keys of their parts, the last used one at the end."""

    def __init__(self) -> None:
        self.modules: OrderedDict[bytes, LoadedModule] = OrderedDict()
        self.process = os.getpid()

    def of_this_process(self) -> OrderedDict[bytes, LoadedModule]:
        """Return the modules. Those of the parent of a forked process are not used: the parent may be calling them."""
        if self.process != os.getpid():
            # Not deleted: their runtimes may refer to threads that this process does not have.
            _inherited.append(self.modules)
            self.__init__()  # type: ignore[misc]
        return self.modules


_kept: Final = _Kept()
_inherited: Final[list[object]] = []


def pickled(guest: Guest) -> Part:
    """Return the part of a pickle that is this guest."""
    made_of = pickle.dumps(guest, _PROTOCOL)
    return Part(sha256(made_of).digest(), made_of)


class NotLoaded:
    """Stands for a module that could not be loaded where it was unpickled, or for a function of it.

    Whatever uses it raises the error. An error while a task is unpickled would end the worker process instead, and with
    it a pool of processes.
    """

    def __init__(self, error: AroraError) -> None:
        self._error = error

    def __call__(self, *_: object, **__: object) -> NoReturn:
        raise self._error.with_traceback(None)

    def __getitem__(self, name: str) -> NoReturn:
        self()

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_"):
            raise AttributeError(name)
        self()

    def __repr__(self) -> str:
        return f"<not loaded: {self._error}>"


def module(new_engine: Callable[[], Loader], parts: Parts) -> LoadedModule | NotLoaded:
    """Return a module; what stands for it where it cannot be loaded."""
    try:
        return _module(new_engine, parts)
    except AroraError as error:
        return NotLoaded(error)


def typed_module(cls: Callable[[ModuleHandle], Any], new_engine: Callable[[], Loader], parts: Parts) -> Any:
    """Return the handle of that class of a module; what stands for it where it cannot be loaded."""
    try:
        return cls(_module(new_engine, parts))
    except AroraError as error:
        return NotLoaded(error)


def function(new_engine: Callable[[], Loader], parts: Parts, name: str) -> Function | NotLoaded:
    """Return a function of a module; what stands for it where that cannot be loaded."""
    try:
        return _module(new_engine, parts).functions[name]
    except AroraError as error:
        return NotLoaded(error)


def _module(new_engine: Callable[[], Loader], parts: Parts) -> LoadedModule:
    """Return the module with these parts that this thread has loaded, or load it in an engine of its own."""
    key, modules = sha256(b"".join(part.key for part in parts)).digest(), _kept.of_this_process()
    found = modules.get(key)
    if found is None:
        found = modules[key] = _loaded(new_engine(), parts)
        # Its engine is not closed: who has the module or a function of it may still call it.
        while len(modules) > MOST:
            modules.popitem(last=False)
    modules.move_to_end(key)
    return found


def _loaded(engine: Loader, parts: Parts) -> LoadedModule:
    try:
        for part in parts:
            loaded = _load(engine, part.made_of)
    except BaseException:
        engine.close()
        raise
    return loaded


def _load(engine: Loader, made_of: bytes | HostModule) -> LoadedModule:
    if isinstance(made_of, HostModule):
        return engine.register(made_of)
    guest: Guest = pickle.loads(made_of)
    # On another machine the file is missing, or is another one.
    path = None if guest.path is None or not os.path.isfile(guest.path) else Path(guest.path)
    definition = ModuleDefinition(guest.header, guest.executable, path)
    try:
        return engine.load_module(definition, executor=guest.executor, limits=guest.limits, after_trap=guest.after_trap)
    except AroraError as error:
        error.at(module=guest.header.name)
        raise
