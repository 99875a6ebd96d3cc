"""What docs/c-modules.md tells authors to do works as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from examples import build

PAGE = (Path(__file__).parents[2] / "docs" / "c-modules.md").read_text(encoding="utf-8")


def marked(name: str) -> str:
    """The code block under the comment ``<!-- name -->``."""
    found = re.search(rf"<!-- {re.escape(name)} -->\n```\w+\n(.*?)```\n", PAGE, re.DOTALL)
    assert found is not None, name
    return found[1]


def test_a_module_without_a_generator_builds_and_answers(tmp_path: Path) -> None:
    for name in ("add.c", "module.yaml"):
        (tmp_path / name).write_text(marked(name))
    compile_command, call_command = marked("build").splitlines()
    compile_command = compile_command.replace("python -m", f"{sys.executable} -m")
    compile_command = compile_command.replace("$(arora include-dir)", str(build.include_directory()))
    subprocess.run(compile_command, shell=True, cwd=tmp_path, check=True)
    call_command = call_command.replace("arora ", f"{sys.executable} -m arora_core ", 1)
    answer = subprocess.run(call_command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert answer.stdout == "3.5\n"
