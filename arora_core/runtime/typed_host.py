"""Host modules from objects with a method for each function: what generated Python files register."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..binding.declared_functions import declared_header
from ..binding.python_names import NameTable
from ..header import ExportedFunction
from .engine import Engine
from .host_module import HOST, HostModule
from .loaded_module import LoadedModule


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
    host = HostModule(declared_header(id, name, HOST, functions, records))
    for export, python in zip(functions, NameTable(each.name for each in functions).python, strict=True):
        host.function(export.name)(getattr(implementation, python))
    return engine.register(host, replace=replace)
