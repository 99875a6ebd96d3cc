"""Host modules from objects with a method for each function: what generated Python files register."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from ..binding.declared_classes import record_of
from ..binding.python_names import NameTable
from ..header import ExecutorRequirement, ExportedFunction, Header, Parameter
from ..text import from_data
from ..types import TypeRegistry, Version
from ..types.type_text import read_type
from .engine import Engine
from .host_module import HOST, HostModule
from .loaded_module import LoadedModule


def parameter(
    id: str, name: str, type: str, *, mutable: bool = False, default: Mapping[str, Any] | str | None = None
) -> Parameter:
    """Return a parameter; ``default`` is a value as plain data (ABI §9)."""
    return Parameter(UUID(id), name, read_type(type), mutable, None if default is None else from_data(default))


def function(id: str, name: str, *parameters: Parameter, ret: str) -> ExportedFunction:
    """Return a function of a host module."""
    return ExportedFunction(UUID(id), name, parameters, read_type(ret))


def register(
    engine: Engine,
    implementation: object,
    id: str,
    name: str,
    *functions: ExportedFunction,
    records: Iterable[type[Any]] = (),
    replace: bool = False,
) -> LoadedModule:
    """Register a host module whose functions are the methods of an object, under their Python names.

    ``records`` are the declared classes of the types that the functions use. Raises as :meth:`Engine.register` does,
    AttributeError for a method that is missing, and HeaderError for one that cannot take the parameters.
    """
    header = Header(
        UUID(id),
        name,
        author="",
        license="",
        description=None,
        version=Version(0, 0, 0),
        executor=ExecutorRequirement(HOST),
        exports=functions,
        types=TypeRegistry(record_of(cls) for cls in records),
    )
    host = HostModule(header)
    for export, python in zip(functions, NameTable(each.name for each in functions).python, strict=True):
        host.function(export.name)(getattr(implementation, python))
    return engine.register(host, replace=replace)
