"""Tests of the suite itself: a correct executor passes it, and every mutant fails the check that names its fault."""

from __future__ import annotations

import pytest

from arora_core.conformance import (
    AREAS,
    Outcome,
    Results,
    checks,
    run_check,
    run_checks,
    wasm_guest,
)
from arora_core.conformance.guests import header
from arora_core.executor import Capability

from .guest_calls import FUNCTIONS
from .mutants import FAULTS, MUTANTS
from .reference import ReferenceExecutor


@pytest.fixture(scope="module")
def reference() -> Results:
    """The results of the whole suite on the reference executor."""
    return run_checks(ReferenceExecutor)


def test_the_reference_passes_the_whole_suite(reference: Results) -> None:
    assert [(each.check.name, each.message) for each in (*reference.failed, *reference.skipped)] == []
    assert list(reference.by_area) == list(AREAS)


def test_the_reference_declares_every_capability() -> None:
    assert ReferenceExecutor.capabilities == frozenset(Capability)


def test_the_reference_has_every_function_of_the_guest() -> None:
    assert FUNCTIONS.keys() == {each.name for each in header().exports}


def test_there_are_enough_mutants() -> None:
    assert len(MUTANTS) == len(FAULTS) >= 20


@pytest.mark.usefixtures("no_shrinking")
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_fault_fails_the_check_that_names_it(mutant: type[ReferenceExecutor]) -> None:
    fault = FAULTS[mutant.__name__]
    naming = next(each for each in checks() if each.name == fault.caught_by)
    assert run_check(naming, mutant, wasm_guest(), examples=fault.examples).outcome is Outcome.FAILED


@pytest.mark.usefixtures("no_shrinking")
def test_an_executor_that_tells_no_kinds_of_traps_fails_the_checks_of_kinds_and_no_others() -> None:
    failed = {each.check.name for each in run_checks(named("TellsNoTrapKinds"), examples=3).failed}
    of_kinds = {each.name for each in checks(["traps"]) if each.name.endswith(" is a trap of that kind")}
    assert (len(of_kinds), failed) == (9, of_kinds)


@pytest.mark.parametrize("name", ["ExitsFromUnavailable", "ExitsFromVersion"])
def test_an_executor_that_raises_anything_of_itself_ends_no_run(name: str) -> None:
    says = "the executor says what it is"
    assert says in {each.check.name for each in run_checks(named(name), ["life_cycle"], examples=1).failed}


def test_an_exception_in_a_thread_of_a_check_is_its_result() -> None:
    naming = next(each for each in checks() if each.name == "engines work in threads of their own")
    result = run_check(naming, named("WorksInOneThreadOnly"), wasm_guest())
    assert result.message.startswith("RuntimeError: called from another thread")


def named(name: str) -> type[ReferenceExecutor]:
    return next(each for each in MUTANTS if each.__name__ == name)
