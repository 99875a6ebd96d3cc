"""What docs/rust-modules.md tells authors to do works as it stands there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from examples import build
from tests.pages import marked

from .rust_builds import unavailable

PAGE = "docs/rust-modules.md"


def test_the_first_module_builds_and_answers(tmp_path: Path) -> None:
    missing = build.rust_unavailable(wasm=True)
    if missing is not None:
        pytest.skip(missing)
    first_module(tmp_path)
    assert said(tmp_path, marked(PAGE, "build")) == "Hello Ada! Hello Ada!"


def test_the_first_module_builds_and_answers_as_a_component(tmp_path: Path) -> None:
    missing = build.rust_unavailable(wasm=False) or unavailable("component")
    if missing is not None:
        pytest.skip(missing)
    first_module(tmp_path)
    header = marked(PAGE, "module.yaml").replace("{name: wasm}", "{name: wasm-component}")
    (tmp_path / "module.yaml").write_text(header, encoding="utf-8")
    call = marked(PAGE, "build").splitlines()[-1]
    assert said(tmp_path, f"{marked(PAGE, 'build component')}{call}") == "Hello Ada! Hello Ada!"


def first_module(place: Path) -> None:
    """Write the page's module to a directory."""
    (place / "src").mkdir()
    for name in ("module.yaml", "src/lib.rs", "Cargo.toml"):
        (place / name).write_text(marked(PAGE, name), encoding="utf-8")


def said(place: Path, commands: str) -> str:
    """Generate the module's code, run commands in its directory, and return the last line that they write."""
    arora = f"arora() {{ '{sys.executable}' -m arora_core \"$@\"; }}"
    commands = f"set -e\n{arora}\n{marked(PAGE, 'generate')}{commands}"
    environment = {**os.environ, "CARGO_NET_OFFLINE": "true"}
    done = subprocess.run(["bash", "-c", commands], cwd=place, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]
