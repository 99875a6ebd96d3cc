"""The README's first module: five commands, from nothing to a function of one's own that is called."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from arora_core.authoring.new_module import module_tree

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ONCE = (3, 13)
"""The one interpreter on which a fresh environment is made: making it takes longer than all else here."""


def marked(name: str) -> str:
    """The code block that stands under the comment ``<!-- name -->``."""
    found = re.search(rf"<!-- {re.escape(name)} -->\n```\w+\n(.*?)```\n", README, re.DOTALL)
    assert found is not None, name
    return found[1]


def test_the_source_that_the_readme_shows_is_the_one_that_is_written() -> None:
    assert marked("stats.c") == module_tree("stats", "c")["stats.c"]


def test_it_takes_five_commands() -> None:
    assert len(marked("a module").splitlines()) == 5


@pytest.mark.skipif(sys.version_info[:2] != ONCE, reason=f"runs on Python {ONCE[0]}.{ONCE[1]} only: once is enough")
def test_the_five_commands_work_in_a_fresh_environment(tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=True)
    programs = environment / ("Scripts" if os.name == "nt" else "bin")
    variables = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "ARORA_", "PYTHON"))},
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    commands = marked("a module").replace("./plugins/", f"{ROOT}/plugins/").splitlines()
    # What the README has installed before: arora-core as it is here; on PyPI may be another, or none.
    for command in (f"pip install --quiet '{ROOT}[cli]' {ROOT}/plugins/arora-wasmtime", *commands):
        done = subprocess.run(command, shell=True, cwd=tmp_path, env=variables, capture_output=True, text=True)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        if command.startswith("pytest"):
            assert "4 passed" in done.stdout
    assert done.stdout == "3.0\n"
