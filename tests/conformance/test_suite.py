"""Running checks, and the pytest class that contains them."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from types import ModuleType
from typing import Any

import pytest
from hypothesis import strategies as st

from arora_core import (
    Capability,
    ExecutorNotFound,
    ExecutorUnavailable,
    Instance,
    LoadError,
    MalformedExecutable,
    Plugins,
    conformance,
)
from arora_core.conformance import (
    AREAS,
    CheckFailed,
    Guest,
    Outcome,
    checks,
    executor_suite,
    run_check,
    run_checks,
    wasm_guest,
)
from arora_core.conformance.expecting import expect
from arora_core.conformance.generating import for_all
from arora_core.conformance.subject import only

from .broken import broken, calls_correctly, calls_twice, loses_errors
from .reference import ReferenceExecutor

KEEPS_STATE = "a guest keeps its state between calls"
KEEPS_STATE_TEST = "test_calls_a_guest_keeps_its_state_between_calls"
ERROR_BUFFER = "an error buffer is a guest error with its message"
ERROR_BUFFER_TEST = "test_errors_an_error_buffer_is_a_guest_error_with_its_message"


def run(suite: type, test: str) -> None:
    method: Callable[[], None] = getattr(suite(), test)
    method()


# --- running checks ------------------------------------------------------------------------------


def test_every_area_has_checks_and_every_check_a_unique_sentence() -> None:
    found = checks()
    assert {each.area for each in found} == set(AREAS)
    assert len({each.name for each in found}) == len(found)
    assert all("_" not in each.name and each.name.islower() for each in found)


def test_importing_the_checks_does_not_replace_public_names_by_modules() -> None:
    checks()
    modules = {name for name in conformance.__all__ if isinstance(getattr(conformance, name), ModuleType)}
    assert modules == {"strategies"}


def test_an_area_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="no area 'speed'"):
        run_checks("wasmtime", ["speed"])


def test_output_of_the_guest_is_not_logged_and_its_logger_is_restored(capsys: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger("arora.module")
    handler = logging.StreamHandler(sys.stderr)
    logger.addHandler(handler)
    try:
        assert not run_checks("wasmtime", ["traps"]).failed
    finally:
        logger.removeHandler(handler)
    assert capsys.readouterr().err == ""
    assert logger.level == logging.NOTSET


def test_results_hold_the_outcome_of_each_check() -> None:
    results = run_checks(broken(loses_errors), ["errors", "loading"], examples=5)
    assert results[ERROR_BUFFER].outcome is Outcome.FAILED
    assert "expected GuestError" in results[ERROR_BUFFER].message
    assert isinstance(results[ERROR_BUFFER].error, AssertionError)
    assert results["what is no executable is malformed"].outcome is Outcome.PASSED


def test_a_fault_fails_the_check_that_names_it_and_few_others() -> None:
    results = run_checks(broken(calls_twice), ["calls", "errors", "traps", "leaks"], examples=5)
    assert results[KEEPS_STATE].outcome is Outcome.FAILED
    assert len(results.failed) < 6


def test_progress_is_called_with_every_result() -> None:
    seen: list[str] = []
    results = run_checks("wasmtime", ["calls"], progress=lambda each: seen.append(each.check.name))
    assert seen == [each.check.name for each in results.results]


def test_shrinking_a_failing_example_stops_when_the_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[int]] = []

    def fail(drawn: list[int]) -> None:
        seen.append(drawn)
        expect(sum(drawn) < 100, f"a sum of {sum(drawn)}")

    lists = st.lists(st.integers(0, 100))
    with pytest.raises(CheckFailed, match="a sum of 100") as smallest:
        for_all(lists, fail, 50)
    assert "drawn=[" in "".join(getattr(smallest.value, "__notes__", []))
    unlimited, seen[:] = len(seen), []
    monkeypatch.setattr("arora_core.conformance.generating.SHRINKING", 1e-9)
    with pytest.raises(CheckFailed, match="a sum of "):
        for_all(lists, fail, 50)
    first = next(place for place, drawn in enumerate(seen) if sum(drawn) >= 100)
    assert {str(drawn) for drawn in seen[first:]} == {str(seen[first])}
    assert len(seen) < unlimited


class Sharing(broken(calls_correctly)):  # type: ignore[misc]
    """Counts the executors in use: a shared resource would start with the first one and stop with the last."""

    in_use = 0
    started = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).started += not self.in_use
        type(self).in_use += 1
        self._open = True

    def close(self) -> None:
        type(self).in_use -= self._open
        self._open = False
        super().close()


def test_a_resource_that_executors_share_starts_once_for_all_checks() -> None:
    Sharing.started = 0
    results = run_checks(Sharing, ["output"])
    assert not results.failed
    assert (Sharing.started, Sharing.in_use) == (1, 0)


def test_a_resource_that_executors_share_starts_once_for_all_tests_of_a_suite() -> None:
    Sharing.started = 0
    suite: Any = executor_suite(Sharing, areas=["calls"])
    suite.setup_class()
    run(suite, KEEPS_STATE_TEST)
    run(suite, "test_calls_a_function_is_called_with_its_arguments")
    suite.teardown_class()
    assert (Sharing.started, Sharing.in_use) == (1, 0)


def test_an_executor_that_cannot_load_the_guest_fails_its_checks_and_not_the_suite() -> None:
    class Refusing(broken(calls_correctly)):  # type: ignore[misc]
        def load(self, *given: object) -> Any:
            raise MalformedExecutable("not today")

    result = run_checks(Refusing, ["output"])["stdout and stderr are told apart"]
    assert result.message == "MalformedExecutable: not today"


def test_a_capability_that_is_not_declared_skips_its_checks_when_it_is_refused() -> None:
    executor = broken(calls_correctly, lacking=frozenset({Capability.FUEL}))
    results = run_checks(executor, ["limits"])
    fuel = results["a call is stopped when its fuel is spent"]
    assert (fuel.outcome, fuel.message) == (Outcome.SKIPPED, "broken does not declare the capability 'fuel'")
    assert not results.failed


def test_a_function_that_the_guest_lacks_skips_the_checks_that_use_it() -> None:
    whole = wasm_guest()
    guest = Guest(whole.kind, whole.executable, whole.functions - {"clock"})
    result = run_checks("wasmtime", ["calls"], guest=guest)["a guest has clocks"]
    assert (result.outcome, result.message) == (Outcome.SKIPPED, "the wasm guest has no clock")


def test_a_check_that_uses_a_function_it_does_not_declare_fails_on_every_executor() -> None:
    declared = next(each for each in checks() if each.name == KEEPS_STATE)
    undeclared = replace(declared, uses=frozenset({"add"}))
    assert run_check(declared, ReferenceExecutor, wasm_guest()).outcome is Outcome.PASSED
    assert "no function 'count'" in run_check(undeclared, ReferenceExecutor, wasm_guest()).message


def test_every_check_declares_the_functions_it_uses() -> None:
    assert [each.name for each in checks() if each.uses is None] == []


def test_no_function_that_a_guest_may_lack_is_an_attribute_error() -> None:
    guest = wasm_guest().only(frozenset())
    results = run_checks(ReferenceExecutor, guest=guest, examples=1)
    assert [each.message for each in results.failed] == []
    assert results[KEEPS_STATE].message == "the wasm guest has no count"


def test_a_check_can_be_skipped_for_a_reason() -> None:
    results = run_checks("wasmtime", ["calls"], skip={KEEPS_STATE: "it has no state"})
    assert (results[KEEPS_STATE].outcome, results[KEEPS_STATE].message) == (
        Outcome.SKIPPED,
        "left out: it has no state",
    )
    with pytest.raises(pytest.skip.Exception, match="it has no state"):
        run(executor_suite("wasmtime", skip={KEEPS_STATE: "it has no state"}), KEEPS_STATE_TEST)


def test_a_skipped_check_that_does_not_exist_is_an_error() -> None:
    for start in (partial(run_checks, "wasmtime"), partial(executor_suite, "wasmtime")):
        with pytest.raises(ValueError, match="skip names checks that do not exist: a guest sings"):
            start(skip={"a guest sings": "no voice"})


def test_few_examples_and_a_small_size_shorten_the_checks_of_leaks() -> None:
    argument_sizes: list[int] = []

    def measure(instance: Instance, function_id: bytes, argument: bytes) -> bytes:
        argument_sizes.append(len(argument))
        return instance.dispatch(function_id, argument)

    results = run_checks(broken(measure), ["leaks"], examples=5, size=1000)
    assert [(each.check.name, each.message) for each in results.failed] == []
    assert (max(argument_sizes) < 1200, len(argument_sizes) < 500) == (True, True)


def test_an_executor_that_exits_fails_a_check_and_does_not_end_the_suite() -> None:
    def leave(*given: object) -> bytes:
        raise SystemExit("goodbye")

    assert run_checks(broken(leave), ["errors"])[ERROR_BUFFER].message.startswith("SystemExit: goodbye")


def test_an_executor_of_a_kind_without_a_guest_has_to_provide_one() -> None:
    class Odd(broken(calls_correctly)):  # type: ignore[misc]
        serves = frozenset({"odd"})

    with pytest.raises(LoadError, match="pass guest="):
        run_checks(Odd)


def test_an_executor_that_is_not_installed_is_an_error() -> None:
    with pytest.raises(ExecutorNotFound):
        run_checks("nonesuch")


# --- the pytest class ----------------------------------------------------------------------------


def test_every_call_returns_a_new_class() -> None:
    one, other = executor_suite("wasmtime"), executor_suite("wasmtime")
    assert one is not other
    assert getattr(one, KEEPS_STATE_TEST) is not getattr(other, KEEPS_STATE_TEST)


def test_a_suite_has_a_test_for_every_check() -> None:
    tests = [name for name in dir(executor_suite("wasmtime")) if name.startswith("test_")]
    assert len(tests) == len(checks()) + 1


def test_a_failing_check_fails_its_test() -> None:
    with pytest.raises(pytest.fail.Exception, match="three calls of count"):
        run(executor_suite(broken(calls_twice)), KEEPS_STATE_TEST)


def test_a_missing_guest_is_one_failed_test_and_skips_the_others() -> None:
    class Odd(broken(calls_correctly)):  # type: ignore[misc]
        serves = frozenset({"odd"})

    suite = executor_suite(Odd)
    with pytest.raises(LoadError, match="pass guest="):
        run(suite, ERROR_BUFFER_TEST)
    for test in (KEEPS_STATE_TEST, ERROR_BUFFER_TEST):
        with pytest.raises(pytest.skip.Exception, match=r"there is no guest: .*pass guest="):
            run(suite, test)


def test_a_known_failure_is_expected_to_fail() -> None:
    suite = executor_suite(broken(calls_twice), known_failures={KEEPS_STATE: "it stutters"})
    with pytest.raises(pytest.xfail.Exception, match="it stutters"):
        run(suite, KEEPS_STATE_TEST)


def test_a_known_failure_that_passes_fails() -> None:
    suite = executor_suite("wasmtime", known_failures={KEEPS_STATE: "it stutters"})
    with pytest.raises(pytest.fail.Exception, match="remove it from known_failures"):
        run(suite, KEEPS_STATE_TEST)


def test_a_known_failure_that_names_no_check_fails() -> None:
    suite = executor_suite("wasmtime", known_failures={"a guest sings": "no voice"})
    with pytest.raises(AssertionError, match="a guest sings"):
        run(suite, "test_every_known_failure_is_the_sentence_of_a_check")


def test_an_unavailable_executor_skips_its_tests_with_the_reason() -> None:
    class Absent(broken(calls_correctly)):  # type: ignore[misc]
        @classmethod
        def unavailable(cls) -> str | None:
            return "the runtime is missing; pip install it"

    with pytest.raises(pytest.skip.Exception, match="pip install it"):
        run(executor_suite(Absent), KEEPS_STATE_TEST)
    with pytest.raises(ExecutorUnavailable, match="pip install it"):
        run_checks(Absent)


def test_an_executor_may_come_from_given_plugins() -> None:
    plugins: Plugins = only(broken(calls_correctly))
    run(executor_suite("broken", plugins=plugins), KEEPS_STATE_TEST)


def test_a_suite_may_be_limited_to_areas() -> None:
    suite = executor_suite("wasmtime", areas=["calls"])
    assert hasattr(suite, KEEPS_STATE_TEST)
    assert not hasattr(suite, ERROR_BUFFER_TEST)
