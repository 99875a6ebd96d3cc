"""How the command fails: a readable line and an exit code."""

from __future__ import annotations

from pathlib import Path

import pytest

from arora_core import Plugins
from arora_core.cli import session
from tests.cli.conftest import Example
from tests.cli.running import JOINTS, arora


def refused(*arguments: str | Path, stdin: str | bytes | None = None) -> str:
    """What the command says to wrong usage."""
    code, out, err = arora(*arguments, stdin=stdin)
    assert (code, out) == (2, "")
    *usage, complaint = err.splitlines()
    assert usage[0].startswith("Usage: arora ")
    return complaint


def failed(*arguments: str | Path) -> str:
    """The one line in which the command tells a failure."""
    code, out, err = arora(*arguments)
    assert (code, out) == (1, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    return err.removeprefix("error: ").rstrip("\n")


# --- 1: the load or the call failed --------------------------------------------------------------


def test_an_error_that_the_guest_answers_is_told(parrot: Path) -> None:
    assert failed("call", parrot, "fail", "what=no luck") == "parrot.fail: no luck"


def test_further_lines_of_a_guests_error_are_set_in(parrot: Path) -> None:
    assert arora("call", parrot, "fail", "what=a\nerror: b").err == "error: parrot.fail: a\n  error: b\n"


def test_a_trap_is_told_below_what_the_guest_wrote(parrot: Path) -> None:
    code, out, err = arora("call", parrot, "crash", "what=goodbye")
    assert (code, out) == (1, "")
    shown, told = err.splitlines()
    assert shown == "parrot: goodbye"
    assert told.startswith("error: parrot.crash: unreachable")


def test_a_traceback_is_shown_on_request(parrot: Path) -> None:
    code, _, err = arora("--traceback", "call", parrot, "fail", "what=no luck")
    assert code == 1
    assert err.startswith("Traceback (most recent call last):\n")
    assert err.endswith("\nerror: parrot.fail: no luck\n")


def test_an_executor_that_is_not_installed_is_told(ur5: Example) -> None:
    assert failed("call", ur5.wasmtime, "forward", "--executor", "v8").startswith("no executor 'v8' is installed")


def test_an_executor_for_other_modules_is_told(ur5: Example) -> None:
    assert failed("call", ur5.wasmtime, "forward", "--executor", "native").startswith("ur5: executor 'native' cannot")


def test_a_missing_executable_is_told(ur5: Example, tmp_path: Path) -> None:
    header = tmp_path / "lonely.yaml"
    header.write_text(ur5.wasmtime.read_text().replace("kinematics.Pose", "f64"))
    told = failed("call", header, "forward")
    assert told.startswith("ur5: found no executable, looked for ")
    assert "arora build makes one" in told


def test_an_executable_that_is_none_is_told(ur5: Example, parrot: Path) -> None:
    assert failed("call", ur5.wasmtime, "forward", "--exe", parrot).startswith("ur5: ")


def test_a_mistake_in_a_header_is_told_with_its_place(tmp_path: Path) -> None:
    header = tmp_path / "bad.yaml"
    header.write_text("id: 5\nname: x\nauthor: x\nlicense: x\nversion: 1.0.0\nexecutor: {name: wasm}\n")
    assert failed("call", header, "forward") == f"{header}: id: expected a UUID, got 5"
    assert failed("inspect", header) == f"{header}: id: expected a UUID, got 5"


def test_a_mistake_in_records_is_told(ur5: Example, tmp_path: Path) -> None:
    (tmp_path / "structures").mkdir()
    assert "unknown kind of record 'structures'" in failed("inspect", ur5.wasmtime, "--include", tmp_path)


def test_a_limit_that_cannot_be_enforced_is_told(ur5: Example) -> None:
    assert (
        failed("call", ur5.native, "forward", JOINTS, "--fuel", "5")
        == "ur5: native or native-isolated cannot enforce a fuel limit"
    )


def test_loading_a_module_twice_is_told(ur5: Example) -> None:
    assert failed("call", ur5.wasmtime, "forward", "--with", ur5.wasmtime).startswith("ur5: already loaded as ur5")


def test_a_generic_call_of_an_unknown_function_is_told(ur5: Example) -> None:
    call = "{id: 00000000-0000-4000-8000-000000000000}"
    assert "no loaded module exports it" in failed("call", "--header", ur5.wasmtime, "--call", call)


# --- 2: wrong usage ------------------------------------------------------------------------------


def test_an_unknown_command_or_option_is_wrong_usage(ur5: Example) -> None:
    assert "No such command 'cal', did you mean 'call'?" in refused("cal")
    assert "No such command 'run' (known: call, inspect, " in refused("run")
    assert "No such option" in refused("call", ur5.wasmtime, "forward", "--fast")


def test_a_command_of_a_plugin_that_is_not_installed_names_the_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "discover", Plugins)
    assert "No such command 'web'. It comes with arora-browser" in refused("web")


@pytest.mark.parametrize("command", ["call", "inspect"])
def test_what_is_given_in_place_of_a_header_is_told_apart(command: str, ur5: Example) -> None:
    directory = ur5.wasmtime.parent
    assert f"'{directory}' is a directory; give the header in it, such as module.yaml" in refused(command, directory)
    executable = directory / "ur5.wasm"
    assert f"'{executable}' is an executable; give its header, such as module.yaml" in refused(command, executable)


def test_a_file_that_does_not_exist_is_wrong_usage(ur5: Example, tmp_path: Path) -> None:
    missing = tmp_path / "missing.yaml"
    wrong: list[tuple[str | Path, ...]] = [
        ("inspect", missing),
        ("call", missing, "forward"),
        ("call", f"{missing}@wasmtime", "forward"),
        ("call", ur5.wasmtime, "forward", "--exe", missing),
        ("call", ur5.wasmtime, "forward", "--with", missing),
        ("call", ur5.wasmtime, "forward", "--include", missing),
        ("call", "--header", missing, "--call", "{}"),
    ]
    for arguments in wrong:
        assert str(missing) in refused(*arguments)
    unread: list[tuple[str | Path, ...]] = [
        ("call", ur5.wasmtime, "forward", f"joints=@{missing}"),
        ("call", ur5.wasmtime, "forward", "--callable", f"@{missing}"),
        ("call", "--header", ur5.wasmtime, "--call", f"@{missing}"),
    ]
    for arguments in unread:
        assert refused(*arguments).endswith(f"{missing}: No such file or directory")


def test_a_header_that_names_no_executor_after_the_at_sign_is_wrong_usage(ur5: Example) -> None:
    assert "has no executor name" in refused("call", f"{ur5.wasmtime}@", "forward")


def test_a_function_that_is_not_declared_is_wrong_usage(ur5: Example) -> None:
    assert refused("call", ur5.wasmtime, "foward") == "Error: ur5 has no function 'foward', did you mean 'forward'?"


def test_leaving_out_the_function_tells_which_there_are(ur5: Example) -> None:
    assert refused("call", ur5.wasmtime) == "Error: Missing argument 'FUNCTION': ur5 has forward, clamp"


def test_a_parameter_that_is_not_declared_is_wrong_usage(ur5: Example) -> None:
    complaint = "Error: ur5.forward has no parameter 'joint', did you mean 'joints'?"
    assert refused("call", ur5.wasmtime, "forward", "joint=[]") == complaint


@pytest.mark.parametrize("argument", ["joints", "=1"])
def test_an_argument_without_name_or_value_is_wrong_usage(ur5: Example, argument: str) -> None:
    assert refused("call", ur5.wasmtime, "forward", argument) == f"Error: expected NAME=VALUE, got {argument!r}"


def test_a_parameter_given_twice_is_wrong_usage(ur5: Example) -> None:
    assert refused("call", ur5.wasmtime, "forward", "joints=1", "joints=2") == "Error: joints is given twice"


def test_a_value_that_is_not_yaml_is_wrong_usage(ur5: Example) -> None:
    assert refused("call", ur5.wasmtime, "forward", "joints=[0, 1").startswith("Error: joints: not YAML: line 1")


def test_a_value_that_is_not_utf8_is_wrong_usage(ur5: Example) -> None:
    complaint = refused("call", ur5.wasmtime, "forward", "joints=@-", stdin=b"\xff")
    assert complaint == "Error: joints: -: not UTF-8 text: invalid start byte at byte 0"


def test_reading_stdin_for_two_values_is_wrong_usage(watchdog: Example) -> None:
    assert "can be given once" in refused("call", watchdog.wasmtime, "check", "joints=@-", "reach=@-", stdin="")


@pytest.mark.parametrize("value", ["0.8", "{f65: 1}", "[", "@nothing-there"])
def test_a_callable_whose_value_is_none_is_wrong_usage(ur5: Example, value: str) -> None:
    refused("call", ur5.wasmtime, "forward", "--callable", value)


@pytest.mark.parametrize(
    "limit",
    [
        ("--memory", "64XiB"),
        ("--memory", "64i"),
        ("--memory", "0"),
        ("--memory", "-1"),
        ("--deadline", "soon"),
        ("--deadline", "0"),
        ("--deadline", "nan"),
        ("--deadline", "inf"),
        ("--fuel", "0"),
        ("--fuel", "1.5"),
        ("--repeat", "0"),
    ],
)
def test_a_limit_that_is_none_is_wrong_usage(ur5: Example, limit: tuple[str, str]) -> None:
    assert f"Invalid value for '{limit[0]}'" in refused("call", ur5.wasmtime, "forward", *limit)


def test_a_call_that_is_none_is_wrong_usage(ur5: Example) -> None:
    start = ("call", "--header", ur5.wasmtime, "--call")
    assert refused(*start, "{id: 5}") == "Error: --call: id: expected a UUID, got 5"
    assert refused(*start, "{args: []}") == "Error: --call: id: the key 'id' is missing"
    assert refused(*start, "{").startswith("Error: --call: not YAML: ")


def test_the_two_forms_of_a_call_do_not_mix(ur5: Example) -> None:
    assert refused("call") == "Error: Missing argument 'MODULE'."
    assert "either" in refused("call", ur5.wasmtime, "forward", "--call", "{}")
    assert "either" in refused("call", ur5.wasmtime, "forward", "--header", ur5.wasmtime)
    assert refused("call", "--call", "{}") == "Error: --call needs a --header"
    assert refused("call", "--header", ur5.wasmtime) == "Error: --header needs a --call"


def test_executables_are_given_for_every_header_or_for_none(ur5: Example, watchdog: Example) -> None:
    exe = ("--exe", ur5.wasmtime.parent / "ur5.wasm")
    id = "{id: cf82364c-b83d-453d-a550-d56b5648c1cd}"
    headers = ("--header", ur5.wasmtime, "--header", watchdog.wasmtime)
    assert "2 --header but 1 --exe" in refused("call", *headers, *exe, "--call", id)
    assert "give --exe once" in refused("call", ur5.wasmtime, "forward", *exe, *exe)
