"""``arora call``: modules, executors and what is printed."""

from __future__ import annotations

import json
import logging
import re
import shlex
from pathlib import Path

import pytest
import yaml

from arora_core.cli.call import HELP
from tests.cli.conftest import Example
from tests.cli.running import EXAMPLES, JOINTS, arora, process

FORWARD = "a9f6b4a2-8597-40ee-850e-6793240c418b"
FORWARD_JOINTS = "c344f5f0-cb2b-4369-aa17-fcf8ac06a0e3"
UR5 = "673404c1-b148-4818-b0d3-c46377541168"
CALL = f"{{id: {FORWARD}, args: [{{id: {FORWARD_JOINTS}, value: {{f64s: [0, 0, 0, 0, 0, 0]}}}}]}}"


def test_a_structure_is_printed_as_a_mapping_in_the_order_of_its_fields(ur5: Example) -> None:
    code, out, err = arora("call", ur5.wasmtime, "forward", JOINTS)
    assert (code, err) == (0, "")
    pose = yaml.safe_load(out)
    assert list(pose) == ["position", "orientation"]
    assert list(pose["position"]) == ["x", "y", "z"]


def test_a_function_with_mutable_parameters_prints_them_with_what_it_returns(ur5: Example) -> None:
    _, out, _ = arora("call", ur5.wasmtime, "clamp", "joints=[0, 7, 0, 0, 0, 0]")
    assert out == "ret: 1\nmutated:\n  joints: [0.0, 6.283185307179586, 0.0, 0.0, 0.0, 0.0]\n"


def test_the_examples_in_the_help_run_from_a_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(EXAMPLES.parent)
    lines = re.findall(r"^ +arora (call examples/.*)$", HELP.replace("\\\n", ""), re.MULTILINE)
    assert len(lines) == 2
    for line in lines:
        code, out, err = arora(*shlex.split(line))
        assert (code, err, "unknown" in out) == (0, "", False), line


def test_results_are_printed_as_json_on_request(ur5: Example) -> None:
    _, out, _ = arora("call", ur5.wasmtime, "clamp", "joints=[0, NaN]", "--json")
    assert json.loads(out) == {"ret": 0, "mutated": {"joints": [0.0, "NaN"]}}


@pytest.mark.parametrize("form", [[], ["--json"]])
@pytest.mark.parametrize("call", [["forward", JOINTS], ["clamp", "joints=[9, -9, 1e3, .inf, -.inf, 0.1]"]])
def test_wasmtime_and_native_print_the_same_for_ur5(ur5: Example, call: list[str], form: list[str]) -> None:
    printed = arora("call", ur5.wasmtime, *call, *form)
    assert printed.code == 0
    # In a process of its own: threads of other libraries in this one may seem to use the library, which is told then.
    assert printed == process("call", ur5.native, *call, *form)


@pytest.mark.parametrize("reach", ["{f64: 0.1}", "{f64: 9}", "{f64: NaN}", "{str: far}"])
def test_wasmtime_and_native_print_the_same_for_watchdog(ur5: Example, watchdog: Example, reach: str) -> None:
    rest = ("check", JOINTS, "reach=1", "--callable", reach, "--with")
    printed = arora("call", watchdog.wasmtime, *rest, ur5.wasmtime)
    assert printed.code == 0
    assert printed == process("call", watchdog.native, *rest, ur5.native)
    assert printed == process("call", watchdog.wasmtime, *rest, ur5.native)
    assert printed == process("call", watchdog.native, *rest, ur5.wasmtime)


def test_modules_can_run_on_executors_of_their_own(ur5: Example, watchdog: Example) -> None:
    outcome = arora(
        *("-vv", "call", watchdog.wasmtime, "check", JOINTS, "--executor", "wasmtime", "--with", f"{ur5.native}@native")
    )
    assert outcome[:2] == (0, "safe\n")


def test_a_module_to_dispatch_to_is_refused_on_an_executor_that_cannot_run_it(ur5: Example, watchdog: Example) -> None:
    code, _, err = arora("call", watchdog.wasmtime, "check", JOINTS, "--with", f"{ur5.native}@wasmtime")
    assert code == 1
    assert err == "error: ur5: executor 'wasmtime' cannot run it: it serves wasm, not native\n"


def test_a_path_with_an_at_sign_is_a_path_where_it_exists(ur5: Example, tmp_path: Path) -> None:
    header = tmp_path / "me@work"
    header.write_text(ur5.wasmtime.read_text())
    code, out, _ = arora(
        *("call", header, "clamp", "joints=[1]", "--exe", ur5.wasmtime.parent / "ur5.wasm"),
        *("--include", ur5.wasmtime.parent / "records"),
    )
    assert (code, out) == (0, "ret: 0\nmutated:\n  joints: [1.0]\n")


def test_callables_are_numbered_in_the_order_given(ur5: Example, watchdog: Example) -> None:
    rest = ("--with", ur5.wasmtime, "--callable", "{f64: 9}", "--callable", "{f64: 0}")
    assert arora("call", watchdog.wasmtime, "check", JOINTS, "reach=1", *rest).out == "safe\n"
    assert arora("call", watchdog.wasmtime, "check", JOINTS, "reach=2", *rest).out.startswith("too_far: 0.6")


def test_a_failure_that_the_module_handles_is_part_of_what_it_returns(watchdog: Example) -> None:
    code, out, _ = arora("call", watchdog.wasmtime, "check", JOINTS)
    assert code == 0
    assert yaml.safe_load(out)["unknown"].startswith(f"no module {UR5} is loaded")


def test_the_executable_can_be_named(ur5: Example, tmp_path: Path) -> None:
    executable = tmp_path / "other.wasm"
    executable.write_bytes(b"no wasm")
    code, _, err = arora("call", ur5.wasmtime, "clamp", "joints=[]", "--exe", executable)
    assert (code, err[:11]) == (1, "error: ur5:")
    executable.write_bytes((ur5.wasmtime.parent / "ur5.wasm").read_bytes())
    assert arora("call", ur5.wasmtime, "clamp", "joints=[]", "--exe", executable).code == 0


# --- the long form -------------------------------------------------------------------------------


def test_a_generic_call_prints_the_generic_result(ur5: Example) -> None:
    code, out, _ = arora("call", "--header", ur5.wasmtime, "--call", CALL)
    assert code == 0
    result = yaml.safe_load(out)
    assert result["mutated"] == []
    assert [each["id"] for each in result["ret"]["struct"]["fields"]] == [
        "62f2eb3e-d77b-4720-b14e-e3fb4d9c872b",
        "2ecfc441-ce94-475c-8c95-096598ca18e3",
    ]


def test_a_generic_call_is_read_from_a_file_and_from_stdin(ur5: Example, tmp_path: Path) -> None:
    file = tmp_path / "call.yaml"
    file.write_text(CALL.replace("{id", f"{{module_id: {UR5}, id", 1))
    rest = ("call", "--header", ur5.wasmtime, "--json", "--call")
    printed = arora(*rest, CALL)
    assert printed.code == 0
    assert printed == arora(*rest, f"@{file}")
    assert printed == arora(*rest, "@-", stdin=CALL)


def test_headers_and_executables_are_paired_in_order(ur5: Example, watchdog: Example) -> None:
    wasm = [each.wasmtime.parent / f"{each.wasmtime.parent.name}.wasm" for each in (watchdog, ur5)]
    check = "{id: cf82364c-b83d-453d-a550-d56b5648c1cd, args: []}"
    headers = ("--header", watchdog.wasmtime, "--exe", wasm[0], "--header", ur5.wasmtime, "--exe", wasm[1])
    code, _, err = arora("call", *headers, "--call", check)
    assert code == 1
    assert err.startswith("error: watchdog.check: ")


def test_headers_may_name_their_executors(ur5: Example, watchdog: Example) -> None:
    joints = "{id: e1a51b7a-804d-40d2-b695-c0e93f20602a, value: {f64s: [0, 0, 0, 0, 0, 0]}}"
    outcome = arora(
        *("call", "--header", f"{watchdog.wasmtime}@wasmtime", "--header", f"{ur5.native}@native"),
        *("--call", f"{{id: cf82364c-b83d-453d-a550-d56b5648c1cd, args: [{joints}]}}"),
    )
    assert outcome.code == 0
    assert "e590c3dd-b968-459a-a886-ad433567bed7" in outcome.out


# --- again and again -----------------------------------------------------------------------------


def test_repeating_prints_the_last_result_once(ur5: Example) -> None:
    assert arora("call", ur5.wasmtime, "clamp", "joints=[]", "--repeat", "3").out == "ret: 0\nmutated:\n  joints: []\n"


def test_repeating_calls_that_often(parrot: Path) -> None:
    assert arora("call", parrot, "warn", "what=hello", "--repeat", "3").err == "parrot: hello\n" * 3


def test_a_benchmark_tells_the_time_of_a_call_on_stderr(ur5: Example) -> None:
    code, out, err = arora("call", ur5.wasmtime, "clamp", "joints=[]", "--repeat", "20", "--benchmark")
    assert (code, out) == (0, "ret: 0\nmutated:\n  joints: []\n")
    duration = r"[\d.]+ (ns|us|ms|s)"
    assert re.fullmatch(rf"20 calls: mean {duration}, median {duration}, min {duration}, p99 {duration}\n", err)


def test_a_generic_call_is_benchmarked_too(ur5: Example) -> None:
    err = arora("call", "--header", ur5.wasmtime, "--call", CALL, "--repeat", "1", "--benchmark").err
    assert err.startswith("1 call: mean ")


# --- limits and output ---------------------------------------------------------------------------


def test_limits_are_enforced(ur5: Example, parrot: Path) -> None:
    assert arora("call", ur5.wasmtime, "forward", JOINTS, "--fuel", "10") == (
        1,
        "",
        "error: ur5.forward: used up its 10 units of fuel\n",
    )
    code, _, err = arora("call", parrot, "spin", "what=round and round", "--deadline", "0.5")
    assert code == 1
    assert err == "parrot: round and round\nerror: parrot.spin: ran longer than its deadline of 0.5 s\n"
    assert arora("call", parrot, "say", "what=", "--memory", "1KiB").code == 1
    assert arora("call", parrot, "say", "what=", "--memory", "64MiB").code == 0


def test_limits_hold_for_every_module_loaded(ur5: Example, watchdog: Example) -> None:
    code, _, err = arora("call", watchdog.wasmtime, "check", JOINTS, "--fuel", "9000000", "--with", ur5.native)
    assert code == 1
    assert err == "error: ur5: native or native-isolated cannot enforce a fuel limit\n"


def test_what_a_guest_writes_to_stderr_is_shown_and_its_stdout_on_request(parrot: Path) -> None:
    assert arora("call", parrot, "warn", "what=beware") == (0, "", "parrot: beware\n")
    assert arora("call", parrot, "say", "what=hello") == (0, "", "")
    assert arora("-v", "call", parrot, "say", "what=hello") == (0, "", "parrot: hello\n")


def test_a_guest_cannot_send_escape_sequences_to_the_terminal(parrot: Path) -> None:
    assert arora("call", parrot, "warn", "what=\x1b[2J\x07").err == "parrot: \\x1b[2J\\x07\n"
    assert arora("call", parrot, "fail", "what=\x1b[2J").err == "error: parrot.fail: \\x1b[2J\n"


def test_how_things_were_decided_is_told_on_request(ur5: Example) -> None:
    assert "arora.engine: ur5 runs on wasmtime" in arora("-vv", "call", ur5.wasmtime, "clamp", "joints=[]").err


def test_a_run_leaves_the_log_as_it_was(ur5: Example) -> None:
    logger = logging.getLogger("arora")
    before = logger.level, list(logger.handlers)
    arora("-vv", "call", ur5.wasmtime, "clamp", "joints=[]")
    assert (logger.level, logger.handlers) == before
