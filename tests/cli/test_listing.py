"""The commands that only tell: executors, inspect, schema, include-dir, and the help."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import pytest

from arora_core import Plugins
from arora_core.cli import session
from arora_core.cli.group import arora as arora_group
from arora_core.header import schema
from tests.cli.conftest import Example
from tests.cli.running import EXAMPLES, arora
from tests.installing import Site, executor_source

BRACKETED = """
    from arora_core import hookimpl

    raise ImportError("no runtime [bold]here[/bold]: " + "pip install one and try again " * 10)
"""

COMMANDS = """
    import click
    from arora_core import hookimpl

    @hookimpl
    def arora_commands(group):
        @group.command()
        def greet():
            \"\"\"Says hello.\"\"\"
            click.echo("hello")
"""


def told(*arguments: str | Path) -> str:
    """What a command that goes well prints."""
    code, out, err = arora(*arguments)
    assert (code, err) == (0, "")
    return out


def told_as_data(*arguments: str | Path) -> Any:
    """What a command prints as JSON."""
    return json.loads(told(*arguments, "--json"))


# --- executors -----------------------------------------------------------------------------------


def test_executors_are_listed_with_what_they_serve_and_where_they_come_from() -> None:
    table = told("executors").splitlines()
    assert table[0].split() == ["name", "serves", "runtime", "distribution", "capabilities", "available"]
    wasmtime = next(line for line in table if line.startswith("wasmtime"))
    assert "arora-wasmtime" in wasmtime
    assert "deadline, fuel, interrupt, memory limit, output, traps" in wasmtime
    assert wasmtime.rstrip().endswith("yes")


def test_executors_are_listed_for_machines() -> None:
    listed = {each["name"]: each for each in told_as_data("executors")["executors"]}
    assert listed["native"]["serves"] == ["native"]
    assert listed["wasmtime"]["distribution"] == "arora-wasmtime"
    assert listed["wasmtime"]["runtime_version"]
    assert listed["wasmtime"]["available"] is True
    assert listed["wasmtime"]["reason"] is None


def test_an_executor_that_cannot_run_here_is_listed_with_the_reason(site: Site) -> None:
    site.install("arora-far", executor_source("far", unavailable="needs another machine"))
    lines = told("executors").splitlines()
    assert next(line for line in lines if line.startswith("far ")).endswith("no")
    assert "far: needs another machine" in lines
    listed = {each["name"]: each for each in told_as_data("executors")["executors"]}
    assert (listed["far"]["available"], listed["far"]["reason"]) == (False, "needs another machine")


def test_an_executor_that_fails_when_asked_is_listed_with_the_reason(site: Site) -> None:
    site.install("arora-rude", executor_source("rude").replace("return None", "raise OSError('who asks?')"))
    assert "rude: asking whether it can run raised OSError: who asks?" in told("executors").splitlines()
    assert "  rude: cannot run it: asking" in told("inspect", EXAMPLES / "ur5" / "module.yaml")


def test_a_disabled_plugin_is_listed_with_the_whole_reason(site: Site) -> None:
    site.install("arora-broken", BRACKETED, version="0.3")
    lines = told("executors").splitlines()
    (row,) = (line for line in lines if line.startswith("arora_broken "))
    assert row.split() == ["arora_broken", "-", "-", "arora-broken", "0.3", "-", "disabled"]
    (reason,) = (line for line in lines if line.startswith("arora_broken: "))
    assert "[bold]here[/bold]" in reason
    assert reason.count("try again") == 10
    (failed,) = told_as_data("executors")["failed"]
    assert (failed["distribution"], failed["distribution_version"]) == ("arora-broken", "0.3")


def test_other_commands_warn_of_a_disabled_plugin(site: Site) -> None:
    site.install("arora-broken", BRACKETED)
    code, out, err = arora("call", EXAMPLES / "ur5" / "module.yaml", "clamp", "joints=[]")
    assert (code, out) == (0, "ret: 0\nmutated:\n  joints: []\n")
    assert err.startswith("warning: plugin arora_broken (arora-broken 1.0) is disabled: ")


def test_having_no_executors_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "discover", Plugins)
    assert told("executors").startswith("No executors are installed. pip install one: arora-wasmtime")
    assert "none are installed" in told("inspect", EXAMPLES / "ur5" / "module.yaml")


# --- inspect -------------------------------------------------------------------------------------


def test_inspect_shows_signatures_types_imports_and_what_runs_it() -> None:
    out = told("inspect", EXAMPLES / "watchdog" / "module.yaml")
    assert out.startswith("watchdog 1.0.0\nChecks whether a pose of the arm is within reach")
    assert "id          03fd16ca-056f-4169-bf42-b5d714db8649\n" in out
    assert "\nexports\n  check(joints: f64[], reach: u64 = 0) -> safety.Verdict\n" in out
    assert "  enumeration safety.Verdict\n    safe\n    too_far: f64\n    unknown: str\n" in out
    assert "  structure kinematics.Vector3\n    x: f64\n    y: f64\n    z: f64\n" in out
    assert "  forward(joints: f64[]) -> kinematics.Pose  (module 673404c1-b148-4818-b0d3-c46377541168)\n" in out
    assert f"executable  {EXAMPLES / 'watchdog' / 'watchdog.wasm'} (" in out
    assert "\nexecutors\n  wasmtime: runs it\n" in out
    assert "\n  native: cannot run it: it serves native, not wasm\n" in out


def test_inspect_marks_mutable_parameters() -> None:
    assert "  clamp(mutable joints: f64[]) -> u32\n" in told("inspect", EXAMPLES / "ur5" / "module.yaml")


def test_inspect_tells_all_of_it_to_machines(watchdog: Example) -> None:
    data = told_as_data("inspect", watchdog.native)
    assert (data["name"], data["version"], data["needs"]["name"]) == ("watchdog", "1.0.0", "native")
    (check,) = data["exports"]
    assert check["signature"] == "check(joints: f64[], reach: u64 = 0) -> safety.Verdict"
    assert check["parameters"][1]["default_value"] == {"u64": 0}
    assert [each["name"] for each in data["types"][0]["variants"]] == ["safe", "too_far", "unknown"]
    assert data["imports"][0]["module"] == "673404c1-b148-4818-b0d3-c46377541168"
    assert data["executable"].startswith(str(watchdog.native.parent))
    assert [each["name"] for each in data["executors"] if each["chosen"]] == ["native"]


def test_inspect_needs_no_executable(tmp_path: Path) -> None:
    header = tmp_path / "module.yaml"
    header.write_text((EXAMPLES / "ur5" / "module.yaml").read_text())
    records = EXAMPLES / "ur5" / "records"
    assert "executable  none; found no executable, looked for" in told("inspect", header, "--include", records)
    assert told_as_data("inspect", header, "--include", records)["executable"] is None


def test_inspect_names_the_modules_imported_from_where_records_do(tmp_path: Path) -> None:
    kept = tmp_path / "module"
    kept.mkdir()
    record = kept / "673404c1-b148-4818-b0d3-c46377541168@1.0.0.yaml"
    record.write_text("parent: 00000000-0000-0000-0000-000001000000\nname: arm\n")
    out = told("inspect", EXAMPLES / "watchdog" / "module.yaml", "--include", tmp_path)
    assert "  arm.forward(joints: f64[]) -> kinematics.Pose  (module 673404c1-" in out


def test_inspect_tells_which_executor_a_preference_chooses(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.install("arora-other", executor_source("other"))
    monkeypatch.setenv("ARORA_EXECUTOR", "other")
    out = told("inspect", EXAMPLES / "ur5" / "module.yaml")
    assert "executors\n  other: runs it\n" in out
    assert "\n  wasmtime: could run it\n" in out


def test_a_header_cannot_send_escape_sequences_to_the_terminal(tmp_path: Path) -> None:
    header = tmp_path / "module.yaml"
    header.write_text((EXAMPLES / "ur5" / "module.yaml").read_text().replace("name: ur5", r'name: "ur5\e[2J"'))
    assert told("inspect", header, "--include", EXAMPLES / "ur5" / "records").startswith("ur5\\x1b[2J 1.0.0\n")


# --- the small ones ------------------------------------------------------------------------------


def test_schema_prints_the_schema_of_headers() -> None:
    assert json.loads(told("schema")) == json.loads(schema.text())


def test_include_dir_prints_where_the_c_header_is() -> None:
    assert Path(told("include-dir").rstrip("\n"), "arora.h").is_file()


def test_the_version_is_told() -> None:
    assert told("--version").startswith("arora 0.")


@pytest.mark.parametrize("name", [None, "call", "inspect", "executors"])
def test_every_option_has_help(name: str | None) -> None:
    command = arora_group if name is None else arora_group.get_command(click.Context(arora_group), name)
    assert command is not None
    options = [each for each in command.params if isinstance(each, click.Option)]
    assert options
    assert [each.name for each in options if not each.help] == []


def test_commands_of_plugins_are_listed_and_run(site: Site) -> None:
    site.install("arora-greeter", COMMANDS)
    assert "  greet        Says hello.\n" in told("--help")
    assert told("greet") == "hello\n"
    assert told("greet") == "hello\n"


def test_a_plugin_whose_commands_fail_harms_nobody_else(site: Site) -> None:
    site.install("arora-greeter", COMMANDS)
    site.install("arora-angry", COMMANDS.replace("@group.command()", "raise RuntimeError('no')"))
    code, out, err = arora("--help")
    assert code == 0
    assert "greet" in out
    disabled = "the commands of plugin arora_angry (arora-angry 1.0) are disabled"
    assert err == f"warning: {disabled}: arora_commands raised RuntimeError: no\n"


def test_a_plugin_cannot_take_the_name_of_a_command(site: Site) -> None:
    site.install("arora-greeter", COMMANDS)
    site.install("arora-usurper", COMMANDS.replace("def greet", "def inspect"))
    site.install("arora-zealot", COMMANDS.replace("hello", "goodbye"))
    code, out, err = arora("greet")
    assert code == 0
    assert out in ("hello\n", "goodbye\n")
    assert "there is already a command 'inspect'" in err
    assert "there is already a command 'greet'" in err


def test_a_command_of_a_plugin_that_fails_ends_in_one_line(site: Site) -> None:
    site.install("arora-greeter", COMMANDS.replace('click.echo("hello")', "raise KeyError('lost')"))
    code, out, err = arora("greet")
    assert (code, out) == (1, "")
    assert err == "error: KeyError: 'lost' (a bug in Arora or a plugin; arora --traceback shows where)\n"
