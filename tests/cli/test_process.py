"""The command as a process: streams, signals and what it needs to start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from arora_core.documents.files import MAX_BYTES
from tests.cli.running import COMMAND, EXAMPLES, JOINTS, environment, process

UR5 = EXAMPLES / "ur5" / "module.yaml"


def test_the_module_runs_the_command() -> None:
    code, out, err = process("call", UR5, "clamp", "joints=[7]")
    assert (code, out, err) == (0, "ret: 1\nmutated:\n  joints: [6.283185307179586]\n", "")


def test_the_installed_script_runs_the_command() -> None:
    script = Path(sys.executable).with_name("arora")
    done = subprocess.run([script, "include-dir"], capture_output=True, text=True, env=environment())
    assert (done.returncode, done.stderr) == (0, "")


def test_usage_names_the_command_however_it_is_started() -> None:
    assert process("call").err.startswith("Usage: arora call ")


def test_exit_codes_reach_the_shell() -> None:
    assert process("call", UR5, "forward", "joints=[1]").code == 1
    assert process("call", UR5, "backward").code == 2


def test_a_value_comes_from_a_pipe() -> None:
    assert process("call", UR5, "clamp", "joints=@-", stdin="[1]\n").out == "ret: 0\nmutated:\n  joints: [1.0]\n"


def test_a_header_comes_from_a_pipe_that_the_user_names() -> None:
    header = UR5.read_text(encoding="utf-8")
    records = ("--include", UR5.parent / "records")
    assert "forward(joints: f64[])" in process("inspect", "/dev/stdin", *records, stdin=header).out
    call = ("call", "/dev/stdin", "clamp", "joints=[1]", "--exe", UR5.with_name("ur5.wasm"), *records)
    assert process(*call, stdin=header).out == "ret: 0\nmutated:\n  joints: [1.0]\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("name: x\nname: y", "name: line 2, column 1: duplicate key"),
        ("#" * (MAX_BYTES + 1), "larger than 2,097,152 bytes"),
    ],
)
def test_a_mistake_in_a_header_from_a_pipe_names_the_pipe(content: str, message: str) -> None:
    code, out, err = process("inspect", "/dev/stdin", stdin=content)
    assert (code, out) == (1, "")
    assert err.startswith("error: /dev/stdin: ")
    assert message in err


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_without_the_extra_the_command_says_what_to_install(missing: str) -> None:
    start = f"import sys; sys.modules[{missing!r}] = None; from arora_core.cli import main; sys.exit(main())"
    complaint = f"error: the arora command needs {missing}: pip install 'arora-core[cli]'\n"
    assert process("executors", code=start) == (2, "", complaint)


def test_starting_imports_neither_rich_nor_a_runtime() -> None:
    code = "import sys; from arora_core.cli import main\ntry: main()\nfinally: print(*sys.modules, file=sys.stderr)"
    modules = set(process("--help", code=code).err.split())
    assert "click" in modules
    assert modules.isdisjoint({"rich", "yaml", "wasmtime", "numpy"})


@pytest.mark.parametrize("arguments", [["call", UR5, "forward", JOINTS], ["--help"], ["executors"]])
def test_output_that_cannot_be_written_is_told(arguments: list[str | Path]) -> None:
    with open(UR5) as unwritable:
        done = subprocess.run(
            [*COMMAND, *arguments], stdout=unwritable, stderr=subprocess.PIPE, text=True, env=environment()
        )
    assert (done.returncode, done.stderr) == (1, "error: stdout: Bad file descriptor\n")


@pytest.mark.parametrize("arguments", [["call", UR5, "forward", JOINTS], ["schema"], ["--help"], ["executors"]])
def test_a_reader_that_has_left_is_no_error_to_tell(arguments: list[str | Path]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([*COMMAND, *arguments], stdout=writer, stderr=subprocess.PIPE, text=True, env=environment())
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")


def interrupted(*arguments: str | Path) -> tuple[int, str]:
    """The exit code of a process that is sent SIGINT once its guest has written a line, and what it wrote then."""
    with subprocess.Popen(
        [*COMMAND, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    ) as running:
        try:
            assert running.stderr is not None
            assert running.stderr.readline() == "parrot: on my way\n"
            running.send_signal(signal.SIGINT)
            out, err = running.communicate(timeout=30)
        finally:
            running.kill()
    return running.returncode, out + err


def test_ctrl_c_ends_a_guest_that_never_returns(parrot: Path) -> None:
    assert interrupted("call", parrot, "spin", "what=on my way") == (130, "")


def test_ctrl_c_between_calls_is_quiet(parrot: Path) -> None:
    code, written = interrupted("call", parrot, "warn", "what=on my way", "--repeat", "1000000000")
    assert code == 130
    assert set(written.splitlines()) <= {"parrot: on my way"}
