"""The pages of the documentation, and the code that they show."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[1]
_PYTHON: Final = re.compile(r"(?:^<!-- ([^\n]*) -->\n)?^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


class Block(NamedTuple):
    """A block of Python on a page."""

    page: str
    mark: str
    """The comment above it; empty where there is none."""
    program: str


def pages() -> list[str]:
    """Return the README, the guides and the plugins' pages, by their paths from the root of the repository."""
    found = [*ROOT.glob("README.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("plugins/*/README.md")]
    return sorted(path.relative_to(ROOT).as_posix() for path in found)


def python_blocks(page: str) -> list[Block]:
    """Return the Python that a page shows."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return [Block(page, mark, program) for mark, program in _PYTHON.findall(text)]


def marked(page: str, name: str) -> str:
    """Return the code block of a page that stands under the comment ``<!-- name -->``.

    The page is named by its path from the root of the repository.
    """
    text = (ROOT / page).read_text(encoding="utf-8")
    found = re.search(rf"<!-- {re.escape(name)} -->\n```\w+\n(.*?)```\n", text, re.DOTALL)
    assert found is not None, f"{page} marks no block as {name}"
    return found[1]


def prints_what_it_says(program: str, directory: Path = ROOT) -> None:
    """Run a program of a page in a directory; assert that it prints the comments behind its calls of print, no more."""
    done = subprocess.run([sys.executable, "-c", program], cwd=directory, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == re.findall(r"print\(.*\)  # (.*)", program)
