"""Running checks, and the pytest class made of them."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from hypothesis import strategies as st

from arora_core import (
    Capability,
    ExecutorNotFound,
    ExecutorUnavailable,
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
    run_checks,
    wasm_guest,
)
from arora_core.conformance.expecting import expect
from arora_core.conformance.generating import for_all
from arora_core.conformance.subject import only

from .broken import calls_twice, loses_errors, sound, spoiled

COUNTS = "a guest keeps its state between calls"
COUNTS_TEST = "test_calls_a_guest_keeps_its_state_between_calls"
FAILS = "an error buffer is a guest error with its message"
FAILS_TEST = "test_errors_an_error_buffer_is_a_guest_error_with_its_message"


def run(suite: type, test: str) -> None:
    method: Callable[[], None] = getattr(suite(), test)
    method()


# --- running checks ------------------------------------------------------------------------------


def test_every_area_has_checks_and_every_check_a_sentence_of_its_own() -> None:
    found = checks()
    assert {each.area for each in found} == set(AREAS)
    assert len({each.name for each in found}) == len(found)
    assert all("_" not in each.name and each.name.islower() for each in found)


def test_no_module_takes_a_public_name_once_the_checks_are_imported() -> None:
    checks()
    modules = {name for name in conformance.__all__ if isinstance(getattr(conformance, name), ModuleType)}
    assert modules == {"strategies"}


def test_an_area_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="no area 'speed'"):
        run_checks("wasmtime", ["speed"])


def test_what_the_guest_writes_is_not_shown_and_its_logger_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger("arora.module")
    shown = logging.StreamHandler(sys.stderr)
    logger.addHandler(shown)
    try:
        assert not run_checks("wasmtime", ["traps"]).failed
    finally:
        logger.removeHandler(shown)
    assert capsys.readouterr().err == ""
    assert logger.level == logging.NOTSET


def test_results_say_what_came_of_each_check() -> None:
    results = run_checks(spoiled(loses_errors), ["errors", "loading"], examples=5)
    assert results[FAILS].outcome is Outcome.FAILED
    assert "expected GuestError" in results[FAILS].message
    assert isinstance(results[FAILS].error, AssertionError)
    assert results["what is no executable is malformed"].outcome is Outcome.PASSED


def test_a_mistake_fails_the_checks_that_name_it_and_no_others() -> None:
    results = run_checks(spoiled(calls_twice), ["calls", "errors", "traps", "leaks"], examples=5)
    assert results[COUNTS].outcome is Outcome.FAILED
    assert len(results.failed) < 5


def test_progress_is_told_of_every_check() -> None:
    seen: list[str] = []
    results = run_checks("wasmtime", ["calls"], progress=lambda each: seen.append(each.check.name))
    assert seen == [each.check.name for each in results.results]


def test_what_failed_is_made_smaller_for_a_while_only(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[int]] = []

    def fail(drawn: list[int]) -> None:
        seen.append(drawn)
        expect(sum(drawn) < 100, f"a sum of {sum(drawn)}")

    lists = st.lists(st.integers(0, 100))
    with pytest.raises(CheckFailed, match="a sum of 100") as smallest:
        for_all(lists, fail, 50)
    assert "drawn=[" in "".join(getattr(smallest.value, "__notes__", []))
    patient, seen[:] = len(seen), []
    monkeypatch.setattr("arora_core.conformance.generating.SHRINKING", 0.0)
    with pytest.raises(CheckFailed, match="a sum of "):
        for_all(lists, fail, 50)
    first = next(place for place, drawn in enumerate(seen) if sum(drawn) >= 100)
    assert {str(drawn) for drawn in seen[first:]} == {str(seen[first])}
    assert len(seen) < patient


class Sharing(spoiled(sound)):  # type: ignore[misc]
    """Knows how many of its objects are in use: what they share would start with the first and end with the last."""

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


def test_what_executors_share_starts_once_for_all_checks() -> None:
    Sharing.started = 0
    results = run_checks(Sharing, ["output"])
    assert not results.failed
    assert (Sharing.started, Sharing.in_use) == (1, 0)


def test_what_executors_share_starts_once_for_all_tests_of_a_suite() -> None:
    Sharing.started = 0
    suite: Any = executor_suite(Sharing, areas=["calls"])
    suite.setup_class()
    run(suite, COUNTS_TEST)
    run(suite, "test_calls_a_function_is_called_with_its_arguments")
    suite.teardown_class()
    assert (Sharing.started, Sharing.in_use) == (1, 0)


def test_an_executor_that_cannot_load_the_guest_fails_its_checks_and_not_the_suite() -> None:
    class Refusing(spoiled(sound)):  # type: ignore[misc]
        def load(self, *given: object) -> Any:
            raise MalformedExecutable("not today")

    result = run_checks(Refusing, ["output"])["stdout and stderr are told apart"]
    assert result.message == "MalformedExecutable: not today"


def test_a_capability_that_is_not_declared_skips_its_checks_when_it_is_refused() -> None:
    executor = spoiled(sound, lacking=frozenset({Capability.FUEL}))
    results = run_checks(executor, ["limits"])
    fuel = results["a call is stopped when its fuel is spent"]
    assert (fuel.outcome, fuel.message) == (Outcome.SKIPPED, "spoiled does not declare the capability 'fuel'")
    assert not results.failed


def test_a_function_the_guest_does_not_have_skips_the_checks_that_use_it() -> None:
    whole = wasm_guest()
    guest = Guest(whole.kind, whole.executable, whole.functions - {"clock"})
    result = run_checks("wasmtime", ["calls"], guest=guest)["a guest has clocks"]
    assert (result.outcome, result.message) == (Outcome.SKIPPED, "the wasm guest has no clock")


def test_an_executor_without_a_guest_of_its_kind_is_told_to_bring_one() -> None:
    class Odd(spoiled(sound)):  # type: ignore[misc]
        serves = frozenset({"odd"})

    with pytest.raises(LoadError, match="pass guest="):
        run_checks(Odd)


def test_an_executor_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ExecutorNotFound):
        run_checks("nonesuch")


# --- the pytest class ----------------------------------------------------------------------------


def test_every_suite_is_a_class_of_its_own() -> None:
    one, other = executor_suite("wasmtime"), executor_suite("wasmtime")
    assert one is not other
    assert getattr(one, COUNTS_TEST) is not getattr(other, COUNTS_TEST)


def test_a_suite_has_a_test_for_every_check() -> None:
    tests = [name for name in dir(executor_suite("wasmtime")) if name.startswith("test_")]
    assert len(tests) == len(checks()) + 1


def test_a_failing_check_fails_its_test() -> None:
    with pytest.raises(pytest.fail.Exception, match="three calls of count"):
        run(executor_suite(spoiled(calls_twice)), COUNTS_TEST)


def test_a_known_failure_is_expected_to_fail() -> None:
    suite = executor_suite(spoiled(calls_twice), known_failures={COUNTS: "it stutters"})
    with pytest.raises(pytest.xfail.Exception, match="it stutters"):
        run(suite, COUNTS_TEST)


def test_a_known_failure_that_passes_fails() -> None:
    suite = executor_suite("wasmtime", known_failures={COUNTS: "it stutters"})
    with pytest.raises(pytest.fail.Exception, match="take it out of known_failures"):
        run(suite, COUNTS_TEST)


def test_a_known_failure_that_names_no_check_fails() -> None:
    suite = executor_suite("wasmtime", known_failures={"a guest sings": "no voice"})
    with pytest.raises(AssertionError, match="a guest sings"):
        run(suite, "test_every_known_failure_is_the_sentence_of_a_check")


def test_an_unavailable_executor_skips_its_tests_with_the_reason() -> None:
    class Absent(spoiled(sound)):  # type: ignore[misc]
        @classmethod
        def unavailable(cls) -> str | None:
            return "the runtime is missing; pip install it"

    with pytest.raises(pytest.skip.Exception, match="pip install it"):
        run(executor_suite(Absent), COUNTS_TEST)
    with pytest.raises(ExecutorUnavailable, match="pip install it"):
        run_checks(Absent)


def test_an_executor_may_come_from_plugins_of_ones_own() -> None:
    plugins: Plugins = only(spoiled(sound))
    run(executor_suite("spoiled", plugins=plugins), COUNTS_TEST)


def test_a_suite_may_be_of_some_areas() -> None:
    suite = executor_suite("wasmtime", areas=["calls"])
    assert hasattr(suite, COUNTS_TEST)
    assert not hasattr(suite, FAILS_TEST)
