"""Module headers: ``module.yaml``, parsed and checked (ABI §7)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from ..types.references import TypeRef
from ..types.registry import TypeRegistry
from ..values import Value
from ..version import Version


@dataclass(frozen=True, slots=True)
class ExecutorRequirement:
    """What the executable is (``wasm``, ``native``, ``wasm-component``), and which runtime versions run it."""

    name: str
    min_version: Version | None = None
    max_version: Version | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter. A mutable one comes back, changed or not, with the result."""

    id: UUID
    name: str
    type: TypeRef
    mutable: bool = False
    default_value: Value | None = None


@dataclass(frozen=True, slots=True)
class ExportedFunction:
    """A function the module offers."""

    id: UUID
    name: str
    parameters: tuple[Parameter, ...]
    ret: TypeRef


@dataclass(frozen=True, slots=True)
class ImportedFunction:
    """A function the module calls; ``module`` is the id of the one that offers it."""

    id: UUID
    name: str
    parameters: tuple[Parameter, ...]
    ret: TypeRef
    module: UUID


@dataclass(frozen=True, slots=True)
class Header:
    """A module's description. ``types`` is the registry it was resolved with, and no part of its equality."""

    id: UUID
    name: str
    author: str
    license: str
    description: str | None
    version: Version
    executor: ExecutorRequirement
    executable_mime: str = ""
    exports: tuple[ExportedFunction, ...] = ()
    imports: tuple[ImportedFunction, ...] = ()
    dependencies: tuple[object, ...] = field(default=(), hash=False)
    types: TypeRegistry = field(default_factory=TypeRegistry, compare=False, repr=False)

    @classmethod
    def parse(cls, text: str | bytes, registry: TypeRegistry | None = None) -> Header:
        """The header written in YAML or JSON.

        ``registry`` resolves the names of types and modules. Raises HeaderError for any mistake; its ``path``
        points at the key.
        """
        from .reading import parse_header

        return parse_header(text, registry)

    @classmethod
    def load(cls, path: str | os.PathLike[str], registry: TypeRegistry | None = None) -> Header:
        """The header in a file, resolved with ``registry`` and, over it, the ``records/`` beside it if there are any.

        Raises HeaderError, with the file as its ``source``, for a file that cannot be read and for any mistake in it
        or in the records.
        """
        from .reading import load_header

        return load_header(Path(path), registry)

    @classmethod
    def from_data(cls, data: Mapping[str, object], registry: TypeRegistry | None = None) -> Header:
        """The header in plain data, as JSON or YAML parse to. Raises HeaderError as ``parse`` does."""
        from .reading import read_header

        return read_header(data, registry)

    def to_data(self) -> dict[str, object]:
        """The header as plain data in the low form: every type is a UUID, and no registry is needed to read it."""
        from .writing import write_header

        return write_header(self)


@dataclass(frozen=True, slots=True)
class ModuleDefinition:
    """All there is to a module: its header and the bytes of its executable."""

    header: Header
    executable: bytes = field(repr=False)
