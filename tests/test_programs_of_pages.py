"""The programs that the README and the guides to calling show run as they stand, and print what their comments say."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.pages import ROOT

PAGES = [
    "README.md",
    "docs/calling.md",
    "docs/callbacks.md",
    "docs/choosing-executors.md",
    "docs/limits.md",
]


def programs(page: str) -> list[str]:
    """The Python blocks of a page that a reader would paste into a file and run."""
    blocks = re.findall(r"(?<!-->\n)```python\n(.*?)```\n", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    return blocks


SHOWN = [
    pytest.param(program, id=f"{page}-{number}") for page in PAGES for number, program in enumerate(programs(page), 1)
]


@pytest.mark.parametrize("program", SHOWN)
def test_a_program_runs_and_prints_what_its_comments_say(program: str) -> None:
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said = re.findall(r"print\(.*\)  # (.*)", program)
    assert said
    assert done.stdout.splitlines() == said
