"""The programs of ``docs/scaling.md`` print what their comments say. Some need the session ``scaling`` of nox."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"<!-- needs:(.*?) -->\n```python\n(.*?)```\n", PAGE, re.DOTALL)
HEAVY = {"dask", "distributed", "pandas", "polars", "ray"}
"""What tests/requirements.txt does not have."""


def test_every_program_of_the_page_says_what_it_needs() -> None:
    assert len(PROGRAMS) == PAGE.count("```python\n") == 8


def test_the_requirements_have_what_the_programs_need() -> None:
    named = {name for needs, _ in PROGRAMS for name in needs.split()}
    heavy = (ROOT / "tests" / "requirements-scaling.txt").read_text(encoding="utf-8")
    light = (ROOT / "tests" / "requirements.txt").read_text(encoding="utf-8")
    assert {name for name in named - HEAVY if not re.search(rf"^{name}\b", light, re.MULTILINE)} == set()
    assert {name for name in named & HEAVY if not re.search(rf"\b{name}\b", heavy)} == set()


@pytest.mark.parametrize(("needs", "program"), PROGRAMS, ids=[needs.strip() or "nothing" for needs, _ in PROGRAMS])
def test_a_program_prints_what_its_comments_say(tmp_path: Path, needs: str, program: str) -> None:
    missing = [name for name in needs.split() if find_spec(name) is None]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}: nox -s scaling")
    if "TaskGroup" in program and sys.version_info < (3, 11):
        pytest.skip("asyncio.TaskGroup came with Python 3.11")
    # A file: processes that are spawned import it.
    path = tmp_path / "program.py"
    path.write_text(program, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(path)],
        cwd=ROOT,
        # Ray keeps files in the home directory.
        env={**os.environ, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == re.findall(r"print\(.*\)  # (.*)", program), done.stderr
