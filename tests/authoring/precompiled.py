"""Compiling C++ with Clang in a fifth of the time: what all modules share is read, and compiled, once.

The compiler gets each file as it is, and all files of a module at once. Before them, it reads the precompiled form of
the headers that they include, as if their first line included them, and the functions in those headers are compiled
once, for all modules.
"""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Final

from arora_core.authoring.compilers import run

_SHARED: Final = """
#define ARORA_USES_DISPATCH
#include "arora.hpp"
#include <array>
#include "arora_glue_cpp/calls.hpp"
#include "arora_glue_cpp/records.hpp"
"""
"""What ``arora_glue.hpp`` includes, but for the functions that are emitted once a module."""
_ONCE: Final = """
#define ARORA_USES_DISPATCH
#define ARORA_IMPLEMENTATION
#include "arora.h"
"""


@cache
def precompiled(command: tuple[str, ...]) -> Precompiled:
    """Return what compiles and links modules with a command, which compiles and links."""
    return Precompiled(command)


class Precompiled:
    """Compiles the files of modules."""

    def __init__(self, command: tuple[str, ...]) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="arora-precompiled-")  # until the process ends
        self._link = (*command, *(("-fuse-ld=lld",) if "-shared" in command and shutil.which("ld.lld") else ()))
        # Options of linkers are not used when compiling.
        self._compile = (*command, "-Wno-unused-command-line-argument", "-c")
        header, once = self._written("shared.hpp", _SHARED), self._written("once.cpp", _ONCE)
        self._header = header.with_suffix(".pch")
        shared = ("-fpch-codegen", "-fpch-instantiate-templates", "-x", "c++-header", str(header))
        self._run(*self._compile, *shared, "-o", str(self._header))
        self._objects = [self._compiled(each) for each in (self._header, once)]

    def build(self, sources: list[Path], output: Path) -> None:
        """Compile and link the sources of one module."""
        every = output.with_suffix(".cpp")
        every.write_text("".join(f'#include "{each.name}"\n' for each in sources), encoding="utf-8")
        made = self._compiled(every, "-include-pch", str(self._header))
        self._run(*self._link, *map(str, [made, *self._objects]), "-o", str(output))

    def _compiled(self, source: Path, *options: str) -> Path:
        output = source.with_suffix(".o")
        self._run(*self._compile, *options, str(source), "-o", str(output))
        return output

    def _written(self, name: str, text: str) -> Path:
        path = Path(self._directory.name) / name
        path.write_text(text, encoding="utf-8")
        return path

    def _run(self, *command: str) -> None:
        run(command, Path(self._directory.name))
