"""Installs throw-away distributions for tests: a module and its metadata in a directory on ``sys.path``.

And makes environments in which nothing is installed yet.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path
from textwrap import dedent
from typing import Final

import pytest

makes_an_environment: Final = pytest.mark.skipif(
    os.environ.get("ARORA_TEST_ENVIRONMENTS") == "0", reason="another interpreter makes fresh environments"
)
"""Marks a test that makes a fresh environment: making it takes longer than all else in the test."""


class Environment:
    """A fresh virtual environment, whose programs come first when it runs a command."""

    def __init__(self, directory: Path) -> None:
        venv.create(directory, with_pip=True)
        programs = directory / ("Scripts" if os.name == "nt" else "bin")
        ours = ("PYTEST_", "ARORA_", "PYTHON")
        self._variables = {
            **{name: value for name, value in os.environ.items() if not name.startswith(ours)},
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }

    def run(self, command: str, directory: Path) -> str:
        """Run a command of the shell in a directory and return what it printed. Fails if the command does."""
        done = subprocess.run(command, shell=True, cwd=directory, env=self._variables, capture_output=True, text=True)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return done.stdout


class Site:
    """A directory that stands in for site-packages while one test runs."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._directory = directory
        self._monkeypatch = monkeypatch
        monkeypatch.syspath_prepend(str(directory))

    def install(self, distribution: str, source: str, *, entry_point: str = "", version: str = "1.0") -> None:
        """Makes ``distribution`` installed: its one module holds ``source`` and is its plugin."""
        module = distribution.replace("-", "_")
        self._directory.joinpath(f"{module}.py").write_text(dedent(source))
        self._monkeypatch.delitem(sys.modules, module, raising=False)
        info = self._directory / f"{module}-{version}.dist-info"
        info.mkdir()
        info.joinpath("METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        info.joinpath("entry_points.txt").write_text(f"[arora]\n{entry_point or module} = {module}\n")


def executor_source(name: str, *, serves: str = "wasm", priority: int = 0, unavailable: str | None = None) -> str:
    """A plugin with one executor that can be chosen, and says so instead of loading."""
    return f"""
        from arora_core import Executor, LoadError, hookimpl

        class Chosen(Executor):
            name = {name!r}
            serves = frozenset({{{serves!r}}})
            priority = {priority}

            @classmethod
            def unavailable(cls):
                return {unavailable!r}

            @classmethod
            def version(cls):
                return "2.5.1"

            def load(self, definition, host, limits):
                raise LoadError("chosen: " + self.name)

        @hookimpl
        def arora_executors():
            return [Chosen]
    """
