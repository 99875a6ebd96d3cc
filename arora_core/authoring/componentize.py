"""Building a module in Python as a WebAssembly component, with componentize-py.

componentize-py (https://github.com/bytecodealliance/componentize-py) starts an interpreter of its own, which is
WebAssembly, imports a Python file in it, and writes what is in its memory then as a component. So what the module
imports is part of the component, and nothing is imported when it is loaded.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ..header import Header
from ..wasm.binary_writer import name, section
from ..wasm.components.component_plan import UNFREED_RESULTS
from .compilers import COMPONENT, BuildError, run
from .identifiers import python_stem
from .project import Project

_CORE: Final = Path(__file__).resolve().parents[1]
_WIT: Final = _CORE / "include" / "wit"
_WORLD: Final = "module"
_CUSTOM: Final = 0
_RELEASE: Final = re.compile(r"\b0\.25\.[01]\b")
"""The releases whose components never free their results, as a test of calls shows."""
_NOT_IN_GUESTS: Final = ("__pycache__", "authoring", "cli", "columns", "conformance", "include", "wasm")
"""Rooms of arora_core that no guest imports."""
_SCRIPT: Final = "import sys; from componentize_py import script; sys.exit(script())"
_GLUE: Final = "arora_component"
_SOURCES, _OWN, _INSTALLED = "/0/", "/1/", "/2/"
"""Where the interpreter finds the directories that it is given: they are numbered in their order."""
_RAISED: Final = re.compile(r"^AssertionError: (?P<traceback>Traceback.*?)\n+Caused by:", re.DOTALL | re.MULTILINE)
_FRAME: Final = re.compile(r'  File "(?P<path>[^"\n]*)".*\n(?:    .*\n)*')
_REFUSED: Final = re.compile(r"arora_core\.[\w.]+: ")
"""How the line with an error of Arora's begins."""


def version() -> str:
    """Return the version of componentize-py, for people. Raises BuildError if it is not installed."""
    return run([*_command(), "--version"], Path.cwd()).out


def build(project: Project, header: Header, scratch: Path) -> Path:
    """Build the project as a component in the empty directory ``scratch``, and return its path.

    Raises BuildError for a header of another kind of module, and for what the author's code raises when it is
    imported: the message is its traceback.
    """
    stem = python_stem(header.name)
    if header.executor.name != COMPONENT:
        raise BuildError(
            f"{project.header_path} says executor {header.executor.name}, and a module in Python is a component: "
            f"executor: {{name: {COMPONENT}}}"
        )
    if not (project.directory / f"{stem}.py").is_file():
        raise BuildError(f"{project.directory}: the module {header.name} has to be in {stem}.py")
    own = scratch / "own"
    shutil.copytree(_CORE, own / _CORE.name, ignore=shutil.ignore_patterns(*_NOT_IN_GUESTS))
    (own / f"{_GLUE}.py").write_text(_glue(stem), encoding="utf-8")
    output = scratch / "built.wasm"
    paths = {_SOURCES: project.directory.resolve(), _OWN: own, _INSTALLED: Path(sysconfig.get_path("purelib"))}
    command = [*_command(), "--quiet", "--wit-path", str(_WIT), "--world", _WORLD, "componentize"]
    for path in paths.values():
        command += ["--python-path", str(path)]
    try:
        run([*command, _GLUE, "--output", str(output)], scratch, _environment(scratch))
    except BuildError as error:
        raise BuildError(_as_raised(error.message, {**paths, _SOURCES: project.directory})) from None
    if _RELEASE.search(version()):
        with output.open("ab") as file:
            file.write(section(_CUSTOM, name(UNFREED_RESULTS)))
    return output


def _glue(stem: str) -> str:
    """Return the program that is imported: it imports the author's."""
    return (
        f"import {stem} as source\n"
        "from arora_core.guest.component import world\n"
        f"from generated.{stem} import EXPORTS\n\n"
        "WitWorld = world(EXPORTS, source)\n"
    )


def _command() -> list[str]:
    if importlib.util.find_spec("componentize_py") is not None:
        return [sys.executable, "-c", _SCRIPT]
    found = shutil.which("componentize-py")
    if found is None:
        raise BuildError(
            "componentize-py, which builds modules in Python, is not installed: pip install componentize-py"
        )
    return [found]


def _environment(scratch: Path) -> Mapping[str, str]:
    # componentize-py looks for packages in an environment that it finds by this variable, or by other programs. An
    # empty one leaves those of this interpreter, which it is given.
    empty = scratch / "environment"
    (empty / ("Lib" if os.name == "nt" else "lib") / "site-packages").mkdir(parents=True)
    return {**os.environ, "VIRTUAL_ENV": str(empty)}


def _as_raised(message: str, paths: Mapping[str, Path]) -> str:
    """Return what the author's code raised, in their files; all of the message if it is something else."""
    found = _RAISED.search(message)
    if found is None:
        return message
    traceback = found["traceback"].strip()
    if f'"{_SOURCES}' not in traceback and (refused := _REFUSED.match(last := traceback.splitlines()[-1])):
        return last[refused.end() :]

    def shown(frame: re.Match[str]) -> str:
        for root, path in paths.items():
            if frame["path"].startswith(root):
                return "" if root == _OWN else frame[0].replace(f'"{root}', f'"{path}{os.sep}', 1)
        return frame[0]

    return _FRAME.sub(shown, traceback)
