"""Running the ``arora`` command: in this process, and as one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from click.testing import CliRunner

from arora_core.cli.group import arora as command

GUEST = Path(__file__).parent / "guest"
EXAMPLES = Path(__file__).parents[2] / "examples"

JOINTS = "joints=[0, -1.57, 1.57, 0, 1.57, 0]"
COMMAND = (sys.executable, "-m", "arora_core")


class Outcome(NamedTuple):
    """How a run of the command ended, and what it wrote."""

    code: int
    out: str
    err: str


def arora(*arguments: str | Path, stdin: str | bytes | None = None) -> Outcome:
    """Runs the command in this process."""
    result = CliRunner().invoke(command, [str(each) for each in arguments], input=stdin, prog_name="arora")
    return Outcome(result.exit_code, result.stdout, result.stderr)


def process(*arguments: str | Path, stdin: str | None = None, code: str | None = None) -> Outcome:
    """Runs the command as a process of its own; ``code`` is Python to run in its place."""
    start = COMMAND if code is None else (sys.executable, "-c", code)
    done = subprocess.run(
        [*start, *map(str, arguments)], input=stdin, capture_output=True, text=True, env=environment()
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def environment(**changes: str) -> dict[str, str]:
    """Return the environment of a child process, without the preferences of the user who runs the tests."""
    return {**{key: value for key, value in os.environ.items() if key != "ARORA_EXECUTOR"}, **changes}
