"""Standard streams that are closed or full: the exit code stays right, and nothing is written anywhere else."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.running import COMMAND, EXAMPLES, JOINTS, environment

UR5 = EXAMPLES / "ur5" / "module.yaml"
CALL = ("call", UR5, "forward", JOINTS)
NO_SPACE = "error: stdout: No space left on device\n"

pytestmark = pytest.mark.skipif(os.name != "posix", reason="redirections of a POSIX shell")
needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")


def shell(redirections: str, *arguments: str | Path, command: tuple[str, ...] = COMMAND) -> tuple[int, str, str]:
    """Return the exit code, stdout and stderr of the command started with these redirections."""
    line = f"{shlex.join([*command, *map(str, arguments)])} {redirections}"
    done = subprocess.run(line, shell=True, capture_output=True, text=True, env=environment())
    return done.returncode, done.stdout, done.stderr


def test_the_result_is_printed_where_stderr_is_closed() -> None:
    code, out, err = shell("2>&-", *CALL)
    assert (code, err) == (0, "")
    assert out.startswith("position:\n")


def test_a_result_that_has_nowhere_to_go_is_an_error() -> None:
    assert shell(">&-", *CALL) == (1, "", "error: stdout: Bad file descriptor\n")


@pytest.mark.parametrize("redirections", [">&- 2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(("arguments", "code"), [(CALL, 1), (("call", UR5, "forward"), 1), (("bogus",), 2)])
def test_the_exit_code_is_right_with_all_streams_closed(
    redirections: str, arguments: tuple[str | Path, ...], code: int
) -> None:
    assert shell(redirections, *arguments) == (code, "", "")


def test_a_closed_stdin_cannot_be_read() -> None:
    code, out, err = shell("<&-", "call", UR5, "forward", "joints=@-")
    assert (code, out) == (2, "")
    assert err.endswith("Error: joints: -: Bad file descriptor\n")


@needs_full
@pytest.mark.parametrize("arguments", [CALL, ("--help",), ("schema",), ("executors", "--json")])
def test_a_full_disk_is_one_line_and_an_exit_code(arguments: tuple[str | Path, ...]) -> None:
    assert shell(">/dev/full", *arguments) == (1, "", NO_SPACE)


@needs_full
@pytest.mark.parametrize(
    ("arguments", "code"), [(CALL, 0), (("bogus",), 2), (("call", UR5, "forward", "joints=[1]"), 1)]
)
def test_a_message_that_is_lost_does_not_change_the_exit_code(arguments: tuple[str | Path, ...], code: int) -> None:
    assert shell("2>/dev/full", *arguments)[0] == code


def test_what_goes_to_a_closed_stderr_is_not_written_into_another_file(tmp_path: Path) -> None:
    start = (
        "import os, sys; from arora_core.cli import streams; streams.prepare();"
        f"file = open({str(tmp_path / 'precious')!r}, 'wb');"
        "os.write(2, b'a message of a runtime'); print('more', file=sys.stderr, flush=True)"
    )
    assert shell("2>&-", command=(sys.executable, "-c", start)) == (0, "", "")
    assert (tmp_path / "precious").read_bytes() == b""


def test_programs_that_the_command_starts_have_three_streams_too() -> None:
    start = (
        "import subprocess, sys; from arora_core.cli import streams; streams.prepare();"
        "sys.exit(subprocess.run([sys.executable, '-c', 'import os; os.fstat(2)']).returncode)"
    )
    assert shell("2>&-", command=(sys.executable, "-c", start))[0] == 0


def test_a_conformance_run_without_a_terminal_says_which_area_it_is_at() -> None:
    code, _, err = shell("", "conformance", "wasmtime", "--area", "output", "--area", "traps")
    lines = err.splitlines()
    assert code == 0
    assert [line.partition(" ")[2] for line in lines] == ["traps", "output"]
    assert lines[0].startswith("1/")
