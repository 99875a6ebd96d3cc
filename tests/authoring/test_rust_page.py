"""What docs/rust-modules.md tells authors to do works as it stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from examples import build

PAGE = (Path(__file__).parents[2] / "docs" / "rust-modules.md").read_text(encoding="utf-8")


def marked(name: str) -> str:
    """The code block under the comment ``<!-- name -->``."""
    found = re.search(rf"<!-- {re.escape(name)} -->\n```\w+\n(.*?)```\n", PAGE, re.DOTALL)
    assert found is not None, name
    return found[1]


def test_the_first_module_builds_and_answers(tmp_path: Path) -> None:
    missing = build.rust_unavailable(wasm=True)
    if missing is not None:
        pytest.skip(missing)
    (tmp_path / "src").mkdir()
    for name in ("module.yaml", "src/lib.rs", "Cargo.toml"):
        (tmp_path / name).write_text(marked(name), encoding="utf-8")
    commands = f"set -e\narora() {{ '{sys.executable}' -m arora_core \"$@\"; }}\n{marked('generate')}{marked('build')}"
    environment = {**os.environ, "CARGO_NET_OFFLINE": "true"}
    done = subprocess.run(["bash", "-c", commands], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "Hello Ada! Hello Ada!"
