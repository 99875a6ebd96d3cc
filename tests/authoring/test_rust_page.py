"""What docs/rust-modules.md tells authors to do works as it stands there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from examples import build
from tests.pages import marked

PAGE = "docs/rust-modules.md"


def test_the_first_module_builds_and_answers(tmp_path: Path) -> None:
    missing = build.rust_unavailable(wasm=True)
    if missing is not None:
        pytest.skip(missing)
    (tmp_path / "src").mkdir()
    for name in ("module.yaml", "src/lib.rs", "Cargo.toml"):
        (tmp_path / name).write_text(marked(PAGE, name), encoding="utf-8")
    arora = f"arora() {{ '{sys.executable}' -m arora_core \"$@\"; }}"
    commands = f"set -e\n{arora}\n{marked(PAGE, 'generate')}{marked(PAGE, 'build')}"
    environment = {**os.environ, "CARGO_NET_OFFLINE": "true"}
    done = subprocess.run(["bash", "-c", commands], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "Hello Ada! Hello Ada!"
