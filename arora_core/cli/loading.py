"""Loading the modules named on the command line."""

from __future__ import annotations

from pathlib import Path

from ..documents import files
from ..documents.places import header_refusal
from ..errors import HeaderError
from ..executor import Limits
from ..header import Header, ModuleDefinition, executable_files
from ..runtime.engine import Engine
from ..runtime.loaded_module import LoadedModule
from ..types.registry import TypeRegistry
from .module_file import ModuleFile


def header_at(path: Path, types: TypeRegistry) -> Header:
    """Return the header that the user named: a file, or a pipe, which has no records beside it. Raises HeaderError."""
    if not files.is_pipe(path):
        return Header.load(path, types)
    try:
        return Header.parse(files.read_pipe(path, header_refusal()), types)
    except HeaderError as error:
        raise HeaderError(error.message, path=error.path, source=str(path)) from error.__cause__


def read_header(engine: Engine, file: ModuleFile) -> Header:
    """Return the header, read with the engine's records. Raises HeaderError."""
    return header_at(file.path, engine.types)


def load(
    engine: Engine, file: ModuleFile, header: Header, limits: Limits, *, executable: Path | None = None
) -> LoadedModule:
    """Load the module, by default with the executable beside its header. Raises LoadError, Trap."""
    suffixes = engine.plugins.suffixes(header.executor.name)
    found = executable_files.find(file.path, header, suffixes=suffixes) if executable is None else executable
    definition = ModuleDefinition(header, executable_files.read(found, header), found)
    return engine.load_module(definition, executor=file.executor, limits=limits)
