"""Programs that run in a process of their own, because the failure that they look for ends it."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_BEGINNING = """
import os, sys, threading
from arora_core import *
from arora_core import buffers, values as v
from tests.engine.guest_runners import GuestRunner
engine = Engine()
runner = GuestRunner(sys.argv[1])
guest = runner.load(engine)
"""


def run(program: str, executor: str) -> list[str]:
    """Run a program with an engine and the conformance guest on ``executor``; return the lines that it prints."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", _BEGINNING + textwrap.dedent(program), executor],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=_ROOT,
    )
    assert done.returncode == 0, (done.returncode, done.stdout, done.stderr)
    return done.stdout.splitlines()
