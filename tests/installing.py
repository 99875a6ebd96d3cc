"""Installs throw-away distributions for tests: a module and its metadata in a directory on ``sys.path``."""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import dedent

import pytest


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
