"""The installed executors against one another."""

from __future__ import annotations

import pytest
from arora_wasmtime.executor import WasmtimeExecutor

from arora_core.conformance import CheckFailed, across_suite, wasm_guest
from arora_core.conformance.across import HostUnderTest, hosts, same_answers, same_graph
from arora_core.conformance.subject import only

from .broken import calls_twice, loses_errors, spoiled

TestAcross = across_suite(examples=15)


def wasmtime() -> HostUnderTest:
    return HostUnderTest(WasmtimeExecutor, wasm_guest())


@pytest.mark.parametrize("mistake", [calls_twice, loses_errors])
def test_an_executor_that_answers_otherwise_is_found(mistake: object) -> None:
    other = HostUnderTest(spoiled(mistake), wasm_guest())  # type: ignore[arg-type]
    with pytest.raises(CheckFailed, match="on spoiled, against wasmtime"):
        same_answers(wasmtime(), other)


def test_a_graph_with_an_executor_that_answers_otherwise_is_found() -> None:
    other = HostUnderTest(spoiled(calls_twice), wasm_guest())
    with pytest.raises(CheckFailed, match="against one on wasmtime alone"):
        same_graph([wasmtime(), other])


def test_hosts_are_those_that_can_run_here() -> None:
    class Absent(WasmtimeExecutor):
        name = "absent"

        @classmethod
        def unavailable(cls) -> str | None:
            return "not here"

    assert [each.name for each in hosts(only(WasmtimeExecutor, Absent))] == ["wasmtime"]


def test_without_executors_there_is_a_test_that_says_so() -> None:
    suite = across_suite(only())
    assert [name for name in dir(suite) if name.startswith("test_")] == ["test_there_is_an_executor"]
