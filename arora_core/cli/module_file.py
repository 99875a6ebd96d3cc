"""Files on the command line: headers, optionally with an executor, executables and records."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Final

import click

_EXECUTABLES: Final = (".wasm", ".so", ".dylib", ".dll")


class _HeaderPath(click.Path):
    """The path of a header. Directories and executables, easily given in its place, get an error of their own."""

    def convert(
        self, value: str | PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> str | bytes | PathLike[str]:
        path = Path(value)
        if path.is_dir():
            self.fail(f"'{path}' is a directory; give the header in it, such as module.yaml.", param, ctx)
        if path.suffix in _EXECUTABLES and path.exists():
            self.fail(f"'{path}' is an executable; give its header, such as module.yaml.", param, ctx)
        return super().convert(value, param, ctx)


FILE: Final = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
HEADER: Final = _HeaderPath(exists=True, dir_okay=False, readable=True, path_type=Path)
RECORDS: Final = click.Path(exists=True, file_okay=False, readable=True, path_type=Path)


@dataclass(frozen=True)
class ModuleFile:
    """A header file, and the executor to run its module on, or None for the default."""

    path: Path
    executor: str | None = None


def module_file(given: str) -> ModuleFile:
    """Return the file that ``PATH`` or ``PATH@EXECUTOR`` names. Raises BadParameter for a file that does not exist.

    A path that exists is taken as it is, even with an ``@`` in it.
    """
    path, at, executor = given.rpartition("@")
    if not at or Path(given).exists():
        path, executor = given, ""
    elif not executor:
        raise click.BadParameter(f"{given!r} has no executor name after the @.")
    return ModuleFile(Path(str(HEADER.convert(path, None, None))), executor or None)
