"""Module headers: ``module.yaml``, and the definitions of its keys (ABI §7).

Only this file names the keys of headers: reading, writing, the JSON Schema and ``arora inspect`` derive from it.
The ``_check_...`` functions hold the rules that involve several keys.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from operator import attrgetter
from pathlib import Path
from typing import Final
from uuid import UUID

from ..documents.places import Place, header_refusal
from ..types.checking import TypeMismatch, validate
from ..types.references import UNIT, ScalarRef, TypeRef
from ..types.registry import TypeRegistry
from ..values import Value
from ..version import Version
from .forms import BOOLEAN, ID, LIST, MODULE_ID, NAME, TEXT
from .objects import Items, Object, key
from .type_forms import TYPE
from .value_form import VALUE
from .version_form import VERSION


@dataclass(frozen=True, slots=True)
class ExecutorRequirement:
    """The kind of executable (``wasm``, ``native``, ``wasm-component``), and the runtime versions that run it."""

    name: str = field(
        metadata=key(
            "The kind of executable, not the runtime that runs it.", NAME, examples=("wasm", "native", "wasm-component")
        )
    )
    min_version: Version | None = field(default=None, metadata=key("The lowest runtime version that runs it.", VERSION))
    max_version: Version | None = field(
        default=None, metadata=key("The highest runtime version that runs it.", VERSION)
    )


def _check_versions(executor: ExecutorRequirement, place: Place, types: TypeRegistry) -> None:
    low, high = executor.min_version, executor.max_version
    if low is not None and high is not None and high < low:
        place.at("max_version").refuse(f"{high} is below min_version, {low}")


EXECUTOR: Final = Object(
    "The kind of executable, and the runtime versions that run it.", ExecutorRequirement, check=_check_versions
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter. The result of a call contains every mutable parameter, changed or not."""

    id: UUID = field(metadata=key("The parameter's UUID, unique in its function.", ID))
    name: str = field(metadata=key("The parameter's name, unique in its function.", NAME))
    type: TypeRef = field(metadata=key("The parameter's type.", TYPE))
    mutable: bool = field(
        default=False, metadata=key("Whether the function returns the parameter with its result.", BOOLEAN)
    )
    default_value: Value | None = field(
        default=None,
        metadata=key("The value of the parameter if it is left out, with its tag, such as {f64: 0.5}.", VALUE),
    )


def _check_default(parameter: Parameter, place: Place, types: TypeRegistry) -> None:
    if parameter.default_value is None:
        return
    try:
        validate(parameter.default_value, parameter.type, types)
    except TypeMismatch as error:
        place.at("default_value").refuse(str(error))


PARAMETER: Final = Object("A parameter of a function.", Parameter, check=_check_default)

_FUNCTION_ID: Final = key("The function's UUID, unique among the functions of its module.", ID)
_FUNCTION_NAME: Final = key("The function's name, unique among the functions of its module.", NAME)
_PARAMETERS: Final = key("The parameters, in order.", Items(PARAMETER, "parameter"), absent=())
_RET: Final = key("The type of the return value; the unit scalar if left out.", TYPE, absent=ScalarRef(UNIT))


@dataclass(frozen=True, slots=True)
class ExportedFunction:
    """A function that the module offers."""

    id: UUID = field(metadata=_FUNCTION_ID)
    name: str = field(metadata=_FUNCTION_NAME)
    parameters: tuple[Parameter, ...] = field(metadata=_PARAMETERS)
    ret: TypeRef = field(metadata=_RET)


@dataclass(frozen=True, slots=True)
class ImportedFunction:
    """A function that the module calls; ``module`` is the id of the module that offers it."""

    id: UUID = field(metadata=_FUNCTION_ID)
    name: str = field(metadata=_FUNCTION_NAME)
    parameters: tuple[Parameter, ...] = field(metadata=_PARAMETERS)
    ret: TypeRef = field(metadata=_RET)
    module: UUID = field(
        metadata=key("The UUID of the module that offers the function, or the name of its record.", MODULE_ID)
    )


def _check_parameter_ids(function: ExportedFunction | ImportedFunction, place: Place, types: TypeRegistry) -> None:
    for index, parameter in enumerate(function.parameters):
        if parameter.mutable and parameter.id == function.id:
            place.at("parameters", index, "id").refuse(
                "a mutable parameter may not have its function's id, which marks the return value"
            )


_FUNCTION: Final = {"type": "function"}
EXPORTED_FUNCTION: Final = Object(
    "A function the module offers.", ExportedFunction, constants=_FUNCTION, check=_check_parameter_ids
)
IMPORTED_FUNCTION: Final = Object(
    "A function of another module.", ImportedFunction, constants=_FUNCTION, check=_check_parameter_ids
)


@dataclass(frozen=True, slots=True)
class Header:
    """A module's description. ``types`` is the registry that resolved its names; equality ignores it."""

    id: UUID = field(metadata=key("The module's UUID.", ID))
    name: str = field(metadata=key("The module's name.", NAME))
    author: str = field(metadata=key("Who wrote the module.", TEXT))
    license: str = field(
        metadata=key("The module's license, as an SPDX expression.", TEXT, examples=("Apache-2.0", "MIT"))
    )
    description: str | None = field(metadata=key("What the module does.", TEXT, absent=None))
    version: Version = field(metadata=key("The module's version.", VERSION))
    executor: ExecutorRequirement = field(metadata=key("What the module needs to run.", EXECUTOR))
    executable_mime: str = field(
        default="", metadata=key("The media type of the executable.", TEXT, examples=("application/wasm",))
    )
    exports: tuple[ExportedFunction, ...] = field(
        default=(), metadata=key("The functions the module offers.", Items(EXPORTED_FUNCTION, "function"))
    )
    imports: tuple[ImportedFunction, ...] = field(
        default=(),
        metadata=key(
            "The functions of other modules that the module calls.",
            Items(IMPORTED_FUNCTION, "function of that module", scope=attrgetter("module")),
        ),
    )
    dependencies: tuple[object, ...] = field(
        default=(), hash=False, metadata=key("Needed to author the module; ignored when it runs.", LIST)
    )
    types: TypeRegistry = field(default_factory=TypeRegistry, compare=False, repr=False)

    @classmethod
    def parse(cls, text: str | bytes, registry: TypeRegistry | None = None) -> Header:
        """Return the header written in YAML or JSON.

        ``registry`` resolves the names of types and modules. Raises HeaderError for any mistake; its ``path``
        points at the key.
        """
        from . import reading  # Imported late: a header made in Python needs no parser.

        return _header(reading.parse(text), registry)

    @classmethod
    def load(cls, path: str | os.PathLike[str], registry: TypeRegistry | None = None) -> Header:
        """Return the header in a file, resolved with ``registry`` and any ``records/`` beside the file.

        Raises HeaderError, whose ``source`` is the file, for a file that cannot be read and for any mistake in it or in
        the records.
        """
        from . import reading

        return _header(*reading.load(Path(path), TypeRegistry() if registry is None else registry))

    @classmethod
    def from_data(cls, data: Mapping[str, object], registry: TypeRegistry | None = None) -> Header:
        """Return the header in plain data, such as parsed JSON or YAML. Raises HeaderError as ``parse`` does."""
        return _header(Place(data, header_refusal()), registry)

    def to_data(self) -> dict[str, object]:
        """Return the header as plain data in the low form: every type is a UUID, so reading needs no registry."""
        return HEADER.write(self)


HEADER: Final = Object("Describes a module: what it is, what it offers and what it calls (module.yaml).", Header)


def _header(document: Place, registry: TypeRegistry | None) -> Header:
    types = TypeRegistry() if registry is None else registry
    return replace(HEADER.read(document, types), types=types)


@dataclass(frozen=True, slots=True)
class ModuleDefinition:
    """A complete module: its header and the bytes of its executable."""

    header: Header
    executable: bytes = field(repr=False)
    path: Path | None = field(default=None, compare=False)
    """The file that the executable was read from, where it was one. Native libraries may need others beside it."""
