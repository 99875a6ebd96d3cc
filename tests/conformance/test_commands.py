"""``arora conformance``, and ``pytest --pyargs arora_core.conformance``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from arora_core import Capability
from arora_core.conformance import checks


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    return subprocess.run([sys.executable, "-m", *command], cwd=cwd, env=environment, capture_output=True, text=True)


def test_it_prints_a_table_of_areas(tmp_path: Path) -> None:
    done = run("arora_core", "conformance", "wasmtime", "--area", "calls", "--area", "output", cwd=tmp_path)
    lines = done.stdout.splitlines()
    assert (done.returncode, lines[0].split()) == (0, ["area", "passed", "failed", "skipped"])
    assert [line.split()[0] for line in lines[1:3]] == ["calls", "output"]
    assert lines[3].split()[0] == "all"
    assert lines[-1].startswith(f"wasmtime: {len(checks(['calls', 'output']))} checks: ")
    assert "\x1b" not in done.stdout + done.stderr


def test_it_counts_skipped_checks_by_reason(tmp_path: Path) -> None:
    done = run("arora_core", "conformance", "native", "--area", "limits", cwd=tmp_path)
    skipped = [line.strip() for line in done.stdout.splitlines() if "skipped:" in line]
    count = sum(Capability.DEADLINE in each.needs for each in checks(["limits"]))
    assert f"{count} skipped: native does not declare the capability 'deadline'" in skipped


def test_it_leaves_out_what_it_is_told_to_and_shows_the_reason(tmp_path: Path) -> None:
    leave_out = ("--skip", "a guest has clocks=its time stands still")
    done = run("arora_core", "conformance", "wasmtime", "--area", "calls", *leave_out, "--examples", "5", cwd=tmp_path)
    assert (done.returncode, "   1 skipped: left out: its time stands still" in done.stdout.splitlines()) == (0, True)


def test_it_refuses_to_leave_out_what_is_no_check(tmp_path: Path) -> None:
    for leave_out in ("a guest sings=no voice", "a guest has clocks"):
        done = run("arora_core", "conformance", "wasmtime", "--skip", leave_out, cwd=tmp_path)
        assert (done.returncode, leave_out.partition("=")[0] in done.stderr) == (2, True)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_a_terminal_shows_the_running_check_on_one_line(tmp_path: Path) -> None:
    import pty

    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "arora_core", "conformance", "native", "--area", "calls"]
    environment = {**os.environ, "COLUMNS": "40"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL, stderr=theirs)
    lines = os.read(ours, 1 << 16).decode().replace("\r", "").split("\x1b[K")
    os.close(ours)
    os.close(theirs)
    assert done.returncode == 0
    assert lines[1] == f"1/{len(checks(['calls']))} calls: a function is called with …"
    assert max(map(len, lines)) < 40


def test_it_writes_a_report(tmp_path: Path) -> None:
    done = run("arora_core", "conformance", "native", "--area", "calls", "--report", "report.json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "report.json").read_text())["executor"] == "native"


def test_it_fails_for_an_executor_that_is_not_installed(tmp_path: Path) -> None:
    done = run("arora_core", "conformance", "nonesuch", cwd=tmp_path)
    assert done.returncode == 1
    assert "no executor 'nonesuch' is installed" in done.stderr


def test_an_unknown_area_or_report_format_is_a_usage_error(tmp_path: Path) -> None:
    for options in (["--area", "speed"], ["--report", "report.txt"]):
        assert run("arora_core", "conformance", "native", *options, cwd=tmp_path).returncode == 2


def run_suite(*options: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return run("pytest", "-p", "no:cacheprovider", "--pyargs", "arora_core.conformance", "-q", *options, cwd=cwd)


def test_pytest_runs_the_suite_without_a_test_file(tmp_path: Path) -> None:
    done = run_suite("--arora-executor", "wasmtime", "--arora-area", "calls", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


def test_pytest_reports_invalid_options_once(tmp_path: Path) -> None:
    for options, said in (
        (["--arora-executor", "nonesuch"], "no executor 'nonesuch' is installed"),
        (["--arora-executor", "wasmtime", "--arora-area", "speed"], "no area 'speed'"),
    ):
        done = run_suite(*options, cwd=tmp_path)
        assert done.returncode == 2
        assert said in done.stdout
        assert "1 error in" in done.stdout


def test_importing_the_suite_imports_neither_pytest_nor_hypothesis(tmp_path: Path) -> None:
    code = "import sys, arora_core.conformance; print({'pytest', 'hypothesis'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stderr
