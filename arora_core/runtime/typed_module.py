"""What generated Python clients are made of: typed handles of loaded modules, and host modules from typed objects."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeVar

from ..errors import LoadError
from ..header.fingerprints import fingerprint
from .engine import REPAIR, Engine
from .loaded_module import ModuleHandle, attributes_for

if TYPE_CHECKING:
    from ..binding.python_names import NameTable
    from ..limits import Limits

_T = TypeVar("_T", bound="TypedModule")


class TypedModule(ModuleHandle):
    """The base of generated clients: a handle of a loaded module, with the types of its functions.

    A generated class declares methods for type checkers alone. Each handle has the module's functions as attributes, as
    every :class:`LoadedModule` has, so that a call through it is the same call.
    """

    _fingerprints: ClassVar[Mapping[str, str]] = {}
    """The functions that were there when the class was generated, by name: see :mod:`..header.fingerprints`."""

    def __init__(self, module: ModuleHandle) -> None:
        """Raises LoadError for a module whose functions are not those that the class was generated for."""
        for name, expected in self._fingerprints.items():
            _check(type(self).__name__, module, name, expected)
        super().__init__(module.header, module.executor, module.functions, module.restart)
        self._origin = module._origin

    @classmethod
    def load(
        cls: type[_T],
        engine: Engine,
        path: str | os.PathLike[str] | None = None,
        *,
        executable: str | os.PathLike[str] | None = None,
        executor: str | None = None,
        limits: Limits | None = None,
        replace: bool = False,
        after_trap: str = REPAIR,
    ) -> _T:
        """Load the module in an engine, and return its typed handle. The options are those of :meth:`Engine.load`.

        ``path`` is the header's, by default ``module.yaml`` beside the file of this class. Raises as
        :meth:`Engine.load` does, and LoadError, after unloading it, for a module with other functions.
        """
        module = engine.load(
            _beside(cls) if path is None else path,
            executable=executable,
            executor=executor,
            limits=limits,
            replace=replace,
            after_trap=after_trap,
        )
        try:
            return cls(module)
        except BaseException:
            engine.unload(module)
            raise

    @classmethod
    def _names(cls, functions: Iterable[str]) -> NameTable:
        return attributes_for(functions, TypedModule)


def _beside(cls: type[TypedModule]) -> Path:
    source = getattr(sys.modules.get(cls.__module__), "__file__", None)
    return Path("module.yaml") if source is None else Path(source).with_name("module.yaml")


def _check(client: str, module: ModuleHandle, name: str, expected: str) -> None:
    function = module.functions.get(name)
    if function is None:
        raise LoadError(f"it has no function {name!r}, which {client} was generated for", module=module.name)
    if fingerprint(function._export, function._generic.registry) != expected:
        raise LoadError(
            f"its function {function.signature} is not as it was when {client} was generated: run arora generate again",
            module=module.name,
        )
