"""No source file is longer than what one reads at a sitting."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MOST = 400
SUFFIXES = frozenset({".py", ".c", ".h", ".cpp", ".hpp", ".mjs", ".mts", ".css", ".wat", ".yaml", ".html", ".md"})
ONE_BY_PROMISE = frozenset({"arora_core/include/arora.h"})
"""Modules are given one header to include."""


def tracked_files() -> list[str]:
    """The paths of the files under version control, below the root."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("this is not a git checkout")
    return [path for path in listed.stdout.split("\0") if (ROOT / path).is_file()]


def test_no_source_file_is_longer_than_400_lines() -> None:
    sources = [path for path in tracked_files() if Path(path).suffix in SUFFIXES and path not in ONE_BY_PROMISE]
    lines = {path: len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in sources}
    assert {path: count for path, count in lines.items() if count > MOST} == {}
