"""Declaring the functions of a module in source code: what generated Python files hold in place of its header."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from ..header import ExecutorRequirement, ExportedFunction, Header, Parameter
from ..text import from_data
from ..types import TypeRegistry, Version
from ..types.type_text import read_type
from .declared_classes import record_of


def parameter(
    id: str, name: str, type: str, *, mutable: bool = False, default: Mapping[str, Any] | str | None = None
) -> Parameter:
    """Return a parameter; ``default`` is a value as plain data (ABI §9)."""
    return Parameter(UUID(id), name, read_type(type), mutable, None if default is None else from_data(default))


def function(id: str, name: str, *parameters: Parameter, ret: str) -> ExportedFunction:
    """Return a function of a module."""
    return ExportedFunction(UUID(id), name, parameters, read_type(ret))


def declared_header(
    id: str, name: str, executor: str, functions: Iterable[ExportedFunction], records: Iterable[type[Any]]
) -> Header:
    """Return the header of a module with these functions; ``records`` are the declared classes of their types."""
    return Header(
        UUID(id),
        name,
        author="",
        license="",
        description=None,
        version=Version(0, 0, 0),
        executor=ExecutorRequirement(executor),
        exports=tuple(functions),
        types=TypeRegistry(record_of(cls) for cls in records),
    )
