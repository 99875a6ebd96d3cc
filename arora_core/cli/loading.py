"""Loading the modules named on the command line."""

from __future__ import annotations

from pathlib import Path

from ..executor import Limits
from ..header import Header, ModuleDefinition, executable_files
from ..runtime.engine import Engine
from ..runtime.loaded_module import LoadedModule
from .module_file import ModuleFile


def read_header(engine: Engine, file: ModuleFile) -> Header:
    """Return the header, read with the engine's records. Raises HeaderError."""
    return Header.load(file.path, engine.types)


def load(
    engine: Engine, file: ModuleFile, header: Header, limits: Limits, *, executable: Path | None = None
) -> LoadedModule:
    """Load the module, by default with the executable beside its header. Raises LoadError, OSError, Trap."""
    suffixes = engine.plugins.suffixes(header.executor.name)
    found = executable_files.find(file.path, header, suffixes=suffixes) if executable is None else executable
    definition = ModuleDefinition(header, found.read_bytes(), found)
    return engine.load_module(definition, executor=file.executor, limits=limits)
