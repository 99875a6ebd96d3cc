"""The checks of the native stack, on an executor that says nothing of the stack that its guests use."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
from arora_core.conformance import checks, run_check, wasm_guest
from tests.conformance.broken import broken, calls_correctly

check = next(each for each in checks() if each.name == sys.argv[1])
print(run_check(check, broken(calls_correctly, stack=0), wasm_guest()).outcome.name)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, other sizes are needed to reach the end of the stack")
@pytest.mark.parametrize(
    "check",
    [
        "endless recursion in a thread ends in order whatever its stack",
        "a chain of modules that recurse ends in order",
    ],
)
def test_a_guest_that_runs_over_the_end_of_the_stack_ends_the_process(check: str) -> None:
    # Which no check can survive. The executor is one that passes, without its `stack`.
    done = subprocess.run([sys.executable, "-c", PROGRAM, check], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode < 0, done.stdout + done.stderr
