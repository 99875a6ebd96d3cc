"""A module's sources: a directory with a header, what its author wrote, and what is generated and built beside it.

mean/
  module.yaml      the header
  records/         the types that it uses, if any
  mean.c           the sources: here, or in src/; mean.py for Python
  generated/       from the header, by arora generate and arora build; src/generated/ for Rust
  mean.wasm        built: beside its header, where programs look for it
  native/          built: the library for this platform, and its header
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..errors import AroraError
from ..header import Header
from ..types.registry import TypeRegistry

HEADER: Final = "module.yaml"
NATIVE: Final = "native"
CARGO: Final = "Cargo.toml"
_GENERATED: Final = "generated"
_SUFFIXES: Final = {".c": "c", ".cpp": "cpp", ".cc": "cpp", ".cxx": "cpp"}
"""The suffixes of sources, each with its language. Rust's are found by Cargo, and Python's by their imports."""
_PYTHON_TESTS: Final = ("test_*.py", "*_test.py", "conftest.py")
"""Python files that a module in any language has beside its sources."""


class ProjectError(AroraError):
    """A directory without a header or without sources."""


@dataclass(frozen=True)
class Project:
    """The directory of a module: its header's path, its language, and the sources that its author wrote."""

    header_path: Path
    language: str
    sources: tuple[Path, ...]

    @property
    def directory(self) -> Path:
        """The directory that everything is in."""
        return self.header_path.parent

    @property
    def generator(self) -> str:
        """The language whose generator writes the generated files."""
        return "python-module" if self.language == "python" else self.language

    @property
    def generated(self) -> Path:
        """The directory of generated files."""
        return self.directory / "src" / _GENERATED if self.language == "rust" else self.directory / _GENERATED

    def header(self, types: TypeRegistry | None = None) -> Header:
        """Return the header as it is now. Raises HeaderError."""
        return Header.load(self.header_path, types)

    def is_input(self, path: Path) -> bool:
        """Return whether a change of this file changes what is built: a source, the header or a record."""
        if path.suffix in (".wasm", ".so", ".dylib", ".dll", ".lock", ".pyc") or path.name.startswith("."):
            return False
        parts = path.resolve().relative_to(self.directory.resolve()).parts
        return not {NATIVE, "target", _GENERATED, "__pycache__", "tests"} & set(parts)


def project_at(path: str | os.PathLike[str]) -> Project:
    """Return the project in a directory, or of a header in one.

    A project with sources in C and C++ is one in C++, and one in Python has no other sources. Raises ProjectError if
    there is no header or no source.
    """
    given = Path(path)
    header = given / HEADER if given.is_dir() else given
    if not header.is_file():
        raise ProjectError(f"{given}: no {HEADER} here; arora new module starts a module")
    if (header.parent / CARGO).is_file():
        return Project(header, "rust", tuple(sorted((header.parent / "src").rglob("*.rs"))))
    sources = list(_sources(header.parent))
    languages = {_SUFFIXES[each.suffix] for each in sources}
    if not languages:
        if python := _python_sources(header.parent):
            return Project(header, "python", python)
        known = ", ".join(f"*{suffix}" for suffix in (*_SUFFIXES, ".py"))
        raise ProjectError(f"{header.parent}: no sources here or in src ({known}, or {CARGO} for Rust)")
    # C in a module in C++ is common; the linker needs the language of the runtime.
    language = "cpp" if "cpp" in languages else "c"
    return Project(header, language, tuple(sources))


def _sources(directory: Path) -> Iterator[Path]:
    for folder in (directory, directory / "src"):
        if folder.is_dir():
            yield from sorted(each for each in folder.iterdir() if each.suffix in _SUFFIXES and each.is_file())


def _python_sources(directory: Path) -> tuple[Path, ...]:
    found = sorted(each for each in directory.glob("*.py") if each.is_file())
    return tuple(each for each in found if not any(map(each.match, _PYTHON_TESTS)))


def compiled(files: Sequence[Path]) -> list[Path]:
    """Return those of the files that a C or C++ compiler compiles."""
    return [each for each in files if each.suffix in _SUFFIXES]
