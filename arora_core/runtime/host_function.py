"""Python functions that implement an export of a host module: what is accepted, and how arguments are passed."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn

from ..binding.python_names import python_names
from ..binding.signature import Signature
from ..errors import ArgumentError, HeaderError
from ..header import ExportedFunction, Header

_LAZY: Final = (
    (inspect.iscoroutinefunction, "a coroutine function"),
    (inspect.isasyncgenfunction, "an asynchronous generator function"),
    (inspect.isgeneratorfunction, "a generator function"),
)
"""Kinds of function whose call returns before the function has run."""

_KEYWORD: Final = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class HostFunction:
    """A Python function that implements an export.

    Every argument is passed by keyword. The keyword is the Python name of the parameter if the function names one so;
    otherwise ``**kwargs`` of the function holds the argument under its name in the header.
    """

    __slots__ = ("_count", "_export", "_header", "_keywords", "_renamed", "_required", "function")

    def __init__(self, header: Header, export: ExportedFunction, function: Callable[..., Any]) -> None:
        """Raises HeaderError for an object that cannot implement the export."""
        self._header = header
        self._export = export
        self.function: Final = function
        self._refuse_lazy()
        taken = self._parameters()
        self._keywords = self._chosen(taken)
        self._check_binding()
        self._count: Final = len(export.parameters)
        self._renamed: Final = any(name != keyword for name, keyword in self._keywords.items())
        self._required: Final = {
            python: each.name
            for (python, keyword), each in zip(self._keywords.items(), export.parameters, strict=True)
            if keyword in taken and taken[keyword].default is inspect.Parameter.empty
        }

    def answer(self, signature: Signature, argument: bytes) -> bytes:
        """Return the result buffer of a call with that argument buffer.

        Raises ArgumentError where an argument does not fit, or is missing and has no default; TypeError for a result
        that does not fit; and what the function raises.
        """
        returned = self.call(signature, argument)
        try:
            return signature.encode_result(returned)
        except TypeError as error:
            # The function has returned, so the traceback does not show which it was.
            raise TypeError(f"{self._header.name}.{self._export.name}: {error}") from error

    def call(self, signature: Signature, argument: bytes) -> object:
        """Return what the function returns for that argument buffer. Raises as :meth:`answer` does."""
        arguments = signature.decode_call(argument)
        if len(arguments) < self._count:
            for python, name in self._required.items():
                if python not in arguments:
                    raise ArgumentError("it is missing, and has no default", parameter=name)
        if self._renamed:
            arguments = {self._keywords[python]: argument for python, argument in arguments.items()}
        return self.function(**arguments)

    def _refuse_lazy(self) -> None:
        if not callable(self.function):
            self._refuse(f"expected a function, got {self.function!r}")
        function: Any = self.function
        for implementation in (function, function.__call__):
            for is_lazy, kind in _LAZY:
                if is_lazy(implementation):
                    self._refuse(f"{self._name()} is {kind}; a host function returns its result when it is called")

    def _parameters(self) -> Mapping[str, inspect.Parameter]:
        """Return the function's parameters by name."""
        try:
            return inspect.signature(self.function).parameters
        except (TypeError, ValueError):
            self._refuse(
                f"{self._name()} does not say which parameters it takes; call it in a function that does: "
                f"def {python_names([self._export.name])[0]}({', '.join(self._names())}): ..."
            )

    def _chosen(self, taken: Mapping[str, inspect.Parameter]) -> dict[str, str]:
        """Return the keyword of each of the export's parameters by its Python name, in declared order."""
        named = {name for name, each in taken.items() if each.kind in _KEYWORD}
        takes_any = any(each.kind is inspect.Parameter.VAR_KEYWORD for each in taken.values())
        return {
            python: each.name if python not in named and (takes_any or each.name in named) else python
            for python, each in zip(self._names(), self._export.parameters, strict=True)
        }

    def _check_binding(self) -> None:
        try:
            inspect.signature(self.function).bind(**dict.fromkeys(self._keywords.values()))
        except TypeError as error:
            declared = ", ".join(self._names()) or "no parameters"
            self._refuse(f"declares {declared}, which {self._name()} does not take by keyword: {error}", ".parameters")

    def _names(self) -> list[str]:
        return python_names(each.name for each in self._export.parameters)

    def _name(self) -> str:
        return getattr(self.function, "__qualname__", None) or repr(self.function)

    def _refuse(self, reason: str, key: str = "") -> NoReturn:
        place = f"exports[{self._header.exports.index(self._export)}]{key}"
        raise HeaderError(f"{self._header.name}.{self._export.name}: {reason}", path=place) from None
