"""The functions that a module in Python exports: how its generated file declares them, and who implements them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from types import ModuleType
from typing import Any, Final

from ..binding.declared_functions import declared_header
from ..binding.python_names import NameTable
from ..errors import AroraError
from ..header import ExportedFunction
from ..types import OptionRef
from ..values import Option


class Unimplemented(AroraError):
    """A source that does not implement its module."""


class Exports:
    """The functions of a module, and the protocol that the class of its author implements."""

    def __init__(
        self, protocol: type[Any], id: str, name: str, *functions: ExportedFunction, records: Iterable[type[Any]] = ()
    ) -> None:
        """``records`` are the declared classes of the types that the functions use."""
        self.protocol: Final = protocol
        self.header: Final = declared_header(id, name, "", map(_optional, functions), records)
        self.python_names: Final = NameTable(each.name for each in functions).python

    def implementation(self, source: ModuleType) -> object:
        """Return an object of the class in ``source`` that implements the protocol, made without arguments.

        Raises Unimplemented if there is no such class, or more than one, or it lacks a method, and what the class
        raises.
        """
        wanted = f"class {class_name(self.header.name)}({self.protocol.__name__})"
        found = list(self._classes(source))
        if not found:
            raise Unimplemented(f"{source.__name__}.py has no class that implements the module: {wanted}")
        if len(found) > 1:
            names = ", ".join(each.__name__ for each in found)
            raise Unimplemented(f"{source.__name__}.py has several classes that implement the module: {names}")
        [cls] = found
        missing = [name for name in self.python_names if getattr(cls, name) is getattr(self.protocol, name)]
        if missing:
            raise Unimplemented(f"{cls.__name__} in {source.__name__}.py does not define {', '.join(missing)}")
        made: object = cls()
        return made

    def _classes(self, source: ModuleType) -> Iterator[type[Any]]:
        """Yield the classes that implement the protocol, without those that others of them are derived from."""
        everything = dict.fromkeys(each for each in vars(source).values() if isinstance(each, type))
        found = [each for each in everything if self.protocol in each.__mro__[1:]]
        for each in found:
            if not any(each in other.__mro__[1:] for other in found):
                yield each


def class_name(module: str) -> str:
    """Return the name that messages suggest for the class of a module."""
    return "".join(part.capitalize() for part in module.replace("_", "-").split("-"))


def _optional(function: ExportedFunction) -> ExportedFunction:
    """Return the function with None for each option that has no other default, as modules in other languages do."""
    parameters = (
        replace(each, default_value=Option(None))
        if isinstance(each.type, OptionRef) and each.default_value is None
        else each
        for each in function.parameters
    )
    return replace(function, parameters=tuple(parameters))
