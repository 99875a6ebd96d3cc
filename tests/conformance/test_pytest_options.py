"""The options that the suite adds to pytest do not conflict with those of other plugins."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

OTHERS = """
def pytest_addoption(parser):
    parser.addoption("--executor", dest="executor", default="theirs")
    parser.addoption("--area", dest="area", default="their area")


def pytest_report_header(config):
    return f"others: {config.getoption('executor')}, {config.getoption('area')}"
"""


def pytest(*options: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run pytest with another plugin that defines the options ``--executor`` and ``--area``."""
    (cwd / "other_plugin.py").write_text(OTHERS)
    environment = {**os.environ, "PYTHONPATH": str(cwd), "PYTHONWARNINGS": "ignore", **variables}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "other_plugin", *options]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)


def test_both_plugins_receive_their_options(tmp_path: Path) -> None:
    ours = ("--pyargs", "arora_core.conformance", "--arora-executor", "wasmtime", "--arora-area", "output")
    done = pytest(*ours, "-v", "--executor", "their executor", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "others: their executor, their area" in done.stdout
    assert "[output: stdout and stderr are told apart] PASSED" in done.stdout
    assert "[calls: " not in done.stdout


def test_the_executor_option_of_another_plugin_is_ignored(tmp_path: Path) -> None:
    theirs = ("--executor", "wasmtime", "--area", "output")
    done = pytest("--pyargs", "arora_core.conformance", "-rs", *theirs, cwd=tmp_path)
    assert "no --arora-executor is named" in done.stdout
    assert " passed" not in done.stdout


def test_a_guest_that_cannot_be_compiled_is_one_error(tmp_path: Path) -> None:
    compiler = f"{sys.executable} -c raise(SystemExit(1))"
    done = pytest("--pyargs", "arora_core.conformance", "--arora-executor", "native", cwd=tmp_path, CC=compiler)
    assert done.stdout.count("the C compiler failed") == 1
    assert "1 error in" in done.stdout


def test_the_help_of_pytest_lists_the_options_under_arora(tmp_path: Path) -> None:
    shown = pytest("--help", cwd=tmp_path).stdout.partition("Arora's conformance suite:")[2]
    assert "--arora-executor=NAME" in shown
    assert "--arora-area=AREA" in shown


def test_a_check_is_left_out_for_a_reason(tmp_path: Path) -> None:
    sentence = "stdout and stderr are told apart"
    ours = ("--pyargs", "arora_core.conformance", "--arora-executor", "wasmtime", "--arora-area", "output")
    few = ("--arora-examples", "2", "--arora-size", "1000")
    done = pytest(*ours, *few, "-rs", "--arora-skip", f"{sentence}=it is slow", cwd=tmp_path)
    assert (done.returncode, "left out: it is slow" in done.stdout) == (0, True), done.stdout


def test_a_check_to_leave_out_has_to_exist(tmp_path: Path) -> None:
    done = pytest("--pyargs", "arora_core.conformance", "--arora-skip", "pigs fly=they do not", cwd=tmp_path)
    assert "skip names checks that do not exist: pigs fly" in done.stdout
