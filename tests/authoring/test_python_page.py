"""What docs/python-modules.md tells authors to do works as it stands there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.cli.running import environment
from tests.pages import marked

PAGE = "docs/python-modules.md"


def test_the_first_module_builds_and_answers_and_its_class_can_be_tested_by_itself(tmp_path: Path) -> None:
    for name in ("module.yaml", "greeter.py"):
        (tmp_path / name).write_text(marked(PAGE, name), encoding="utf-8")
    install, *commands = marked(PAGE, "build").splitlines()
    assert install.startswith("pip install ")
    arora = f"arora() {{ '{sys.executable}' -m arora_core \"$@\"; }}"
    alone = f"'{sys.executable}' -c \"from greeter import Greeter; print(Greeter().greet('Ada', 2))\""
    done = subprocess.run(
        ["bash", "-c", "\n".join(["set -e", arora, *commands, alone])],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["greeter.wasm", "Hello Ada! Hello Ada!", "Hello Ada! Hello Ada!"]
