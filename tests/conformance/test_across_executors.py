"""The suite that compares executors: the installed ones agree, and broken ones are found."""

from __future__ import annotations

import pytest
from arora_wasmtime.executor import WasmtimeExecutor

from arora_core.conformance import CheckFailed, across_suite, wasm_guest
from arora_core.conformance.across import HostUnderTest, compare_calls, compare_module_graphs, hosts
from arora_core.conformance.subject import only

from .broken import broken, calls_twice, loses_errors

TestAcross = across_suite(examples=9)


def wasmtime() -> HostUnderTest:
    return HostUnderTest(WasmtimeExecutor, wasm_guest())


@pytest.mark.usefixtures("no_shrinking")
@pytest.mark.parametrize("dispatch", [calls_twice, loses_errors])
def test_an_executor_with_other_results_is_found(dispatch: object) -> None:
    other = HostUnderTest(broken(dispatch), wasm_guest())  # type: ignore[arg-type]
    with pytest.raises(CheckFailed, match="on broken, compared with wasmtime"):
        compare_calls(wasmtime(), other)


@pytest.mark.usefixtures("no_shrinking")
def test_a_module_graph_on_an_executor_with_other_results_is_found() -> None:
    other = HostUnderTest(broken(calls_twice), wasm_guest())
    with pytest.raises(CheckFailed, match="compared with one on wasmtime alone"):
        compare_module_graphs([wasmtime(), other])


def test_hosts_are_the_available_executors() -> None:
    class Absent(WasmtimeExecutor):
        name = "absent"

        @classmethod
        def unavailable(cls) -> str | None:
            return "not here"

    assert [each.name for each in hosts(only(WasmtimeExecutor, Absent))] == ["wasmtime"]


def test_without_executors_the_suite_has_one_test_that_is_skipped() -> None:
    suite = across_suite(only())
    assert [name for name in dir(suite) if name.startswith("test_")] == ["test_there_is_an_executor"]
