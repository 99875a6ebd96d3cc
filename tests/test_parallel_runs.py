"""Tests in parallel, as the noxfile runs them, end and say so where a test ends its process."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .pages import ROOT

TESTS = """
import os
import pytest

@pytest.mark.parametrize("number", range(4))
def test_numbers(number):
    if number == 1 and DIES:
        os._exit(1)
"""


@pytest.mark.parametrize("dies", [False, True])
def test_a_process_that_died_is_noted_in_the_cache(tmp_path: Path, dies: bool) -> None:
    shutil.copy(ROOT / "conftest.py", tmp_path)
    for number in range(3):
        text = TESTS.replace("DIES", str(dies and number == 2))
        (tmp_path / f"test_{number}.py").write_text(text, encoding="utf-8")
    options = ("-n", "2", "--dist", "loadfile", "--max-worker-restart", "0", "-o", "cache_dir=cache")
    run = (sys.executable, "-m", "pytest", "-q", *options, "--rootdir", str(tmp_path))
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == int(dies), done.stdout
    assert (tmp_path / "cache" / "v" / "arora" / "died").exists() == dies
