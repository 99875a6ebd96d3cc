"""Modules whose functions are Python, callable by guests and programs like any other."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, TypeVar

from ..binding.signature import Signature
from ..errors import FunctionNotFound, HeaderError, MissingExport
from ..executor import Instance
from ..header import ExportedFunction, Header

HOST: Final = "host"
"""The executor name of host modules."""

_F = TypeVar("_F", bound=Callable[..., Any])


class HostModule:
    """A module whose functions are Python: a header, and a function for each of its exports.

        robot = HostModule(Header.load("robot.yaml"))

        @robot.function("say")
        def say(text: str) -> bool: ...

        engine.register(robot)

    Arguments are passed by keyword, as plain Python objects of their declared types. An argument that the caller
    leaves out is not passed. A function with mutable parameters returns ``Result(ret, mutated)``.
    """

    def __init__(self, header: Header) -> None:
        self.header = header
        self._functions: dict[str, Callable[..., Any]] = {}

    def function(self, name: str) -> Callable[[_F], _F]:
        """Return a decorator for the function that implements the export ``name``.

        Raises FunctionNotFound for a name that the header does not export. The decorator raises HeaderError for a
        function that cannot take the parameters that the header declares.
        """
        export = self._export(name)

        def implement(function: _F) -> _F:
            _check_parameters(self.header, export, function)
            self._functions[name] = function
            return function

        return implement

    @property
    def functions(self) -> dict[str, Callable[..., Any]]:
        """The registered functions, by export name."""
        return dict(self._functions)

    def _export(self, name: str) -> ExportedFunction:
        for export in self.header.exports:
            if export.name == name:
                return export
        known = ", ".join(each.name for each in self.header.exports) or "nothing"
        raise FunctionNotFound(
            f"the header exports no {name!r} (it exports {known})", module=self.header.name, function=name
        )


def _check_parameters(header: Header, export: ExportedFunction, function: Callable[..., Any]) -> None:
    names = [parameter.name for parameter in export.parameters]
    try:
        inspect.signature(function).bind(**dict.fromkeys(names))
    except TypeError as error:
        declared = ", ".join(names) or "no parameters"
        raise HeaderError(
            f"{header.name}.{export.name} declares {declared}, which {function.__qualname__} does not take: {error}",
            path=f"exports[{header.exports.index(export)}].parameters",
        ) from None


class HostInstance(Instance):
    """A host module as an :class:`~arora_core.executor.Instance`, like a guest."""

    def __init__(self, module: HostModule, signatures: Mapping[str, Signature]) -> None:
        """``signatures`` are those of the exports, by name. Raises MissingExport for an export without a function."""
        self._run: dict[bytes, Callable[[bytes], bytes]] = {}
        for export in module.header.exports:
            function = module.functions.get(export.name)
            if function is None:
                raise MissingExport(
                    f"no Python function implements {export.name!r}", symbol=export.name, module=module.header.name
                )
            self._run[export.id.bytes] = partial(_call, signatures[export.name], function)

    def dispatch(self, function_id: bytes, argument: bytes) -> bytes:
        return self.function(function_id)(argument)

    def function(self, function_id: bytes) -> Callable[[bytes], bytes]:
        return self._run[function_id]

    def close(self) -> None:
        self._run.clear()


def _call(signature: Signature, function: Callable[..., Any], argument: bytes) -> bytes:
    return signature.encode_result(function(**signature.decode_call(argument)))
