"""Modules whose functions are Python, callable by guests and programs like any other."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, TypeVar

from ..binding.signature import Signature
from ..errors import FunctionNotFound, MissingExport
from ..executor import Instance
from ..header import ExportedFunction, Header
from .host_function import HostFunction

HOST: Final = "host"
"""The executor name of host modules."""

_F = TypeVar("_F", bound=Callable[..., Any])


class HostModule:
    """A module whose functions are Python: a header, and a function for each of its exports.

        robot = HostModule(Header.load("robot.yaml"))

        @robot.function("say")
        def say(text: str) -> bool: ...

        engine.register(robot)

    A function is any callable that returns its result when it is called and says which parameters it takes. Arguments
    are passed by keyword, as plain Python objects of their declared types. A parameter ``joint-angle`` is passed as
    ``joint_angle`` and ``from`` as ``from_``; ``**kwargs`` of the function holds those that it does not name, by their
    names in the header. An argument that the caller leaves out has the default of the header, or else of the function;
    without either, the caller gets an error. A function with mutable parameters returns ``Result(ret, mutated)``.
    """

    def __init__(self, header: Header) -> None:
        self.header = header
        self._functions: dict[str, HostFunction] = {}
        self.key = os.urandom(16)
        """Is another one after each change."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the header and the functions. Raises PicklingError, which names it, for one that has no name.

        Functions and methods are pickled as Python does it: by the name by which they are imported.
        """
        functions = self.functions
        for name, function in functions.items():
            try:
                pickle.dumps(function)
            except Exception as error:
                raise pickle.PicklingError(
                    f"the host module {self.header.name} cannot be pickled, because its function {name!r} cannot be "
                    f"imported where it is unpickled ({function!r}: {error})"
                ) from error
        return _host_module, (self.header, functions)

    def function(self, name: str) -> Callable[[_F], _F]:
        """Return a decorator for the function that implements the export ``name``.

        Raises FunctionNotFound for a name that the header does not export. The decorator raises HeaderError for a
        function that cannot take the parameters that the header declares, or runs only after it was called: coroutine
        and generator functions.
        """
        export = self._export(name)

        def implement(function: _F) -> _F:
            self._functions[name] = HostFunction(self.header, export, function)
            self.key = os.urandom(16)
            return function

        return implement

    @property
    def functions(self) -> dict[str, Callable[..., Any]]:
        """The registered functions, by export name."""
        return {name: each.function for name, each in self._functions.items()}

    def implementation(self, name: str) -> HostFunction:
        """Return what answers calls of the export ``name``. Raises MissingExport if no function implements it."""
        if name not in self._functions:
            raise MissingExport(f"no Python function implements {name!r}", symbol=name, module=self.header.name)
        return self._functions[name]

    def _export(self, name: str) -> ExportedFunction:
        for export in self.header.exports:
            if export.name == name:
                return export
        known = ", ".join(each.name for each in self.header.exports) or "nothing"
        raise FunctionNotFound(
            f"the header exports no {name!r} (it exports {known})", module=self.header.name, function=name
        )


def _host_module(header: Header, functions: Mapping[str, Callable[..., Any]]) -> HostModule:
    module = HostModule(header)
    for name, function in functions.items():
        module.function(name)(function)
    return module


class HostInstance(Instance):
    """A host module as an :class:`~arora_core.executor.Instance`, like a guest."""

    def __init__(self, module: HostModule, signatures: Mapping[str, Signature]) -> None:
        """``signatures`` are those of the exports, by name. Raises MissingExport for an export without a function."""
        self._run: dict[bytes, Callable[[bytes], bytes]] = {}
        for export in module.header.exports:
            answer = module.implementation(export.name).answer
            self._run[export.id.bytes] = partial(answer, signatures[export.name])

    def dispatch(self, function_id: bytes, argument: bytes) -> bytes:
        return self.function(function_id)(argument)

    def function(self, function_id: bytes) -> Callable[[bytes], bytes]:
        return self._run[function_id]

    def close(self) -> None:
        self._run.clear()
