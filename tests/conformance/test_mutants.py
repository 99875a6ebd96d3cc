"""The suite is tested: an executor that does everything right passes, and each that does one thing wrong is told so."""

from __future__ import annotations

import sys

import pytest

from arora_core.conformance import (
    AREAS,
    Check,
    CheckResult,
    Outcome,
    Results,
    checks,
    run_check,
    run_checks,
    wasm_guest,
)
from arora_core.conformance.guests import header
from arora_core.executor import Capability

from . import (  # noqa: F401 - they register
    mutants_calls,
    mutants_failures,
    mutants_hosts,
    mutants_lives,
    mutants_loading,
    mutants_memory,
    mutants_results,
)
from .faults import FAULTS, MUTANTS
from .guest_calls import FUNCTIONS
from .reference import ReferenceExecutor

LEFT_OUT = 25
"""How many of the slowest checks are not among those others."""
ONCE = (3, 13)
"""The one interpreter on which all the others are run: it takes half a second for each mutant."""


@pytest.fixture(scope="module")
def reference() -> Results:
    """What came of the whole suite on the reference."""
    return run_checks(ReferenceExecutor)


@pytest.fixture(scope="module")
def quick(reference: Results) -> list[Check]:
    """The checks without the slowest."""
    by_time = sorted(reference.results, key=lambda each: each.seconds)
    return [each.check for each in by_time[:-LEFT_OUT]]


def test_the_reference_passes_the_whole_suite(reference: Results) -> None:
    assert [(each.check.name, each.message) for each in (*reference.failed, *reference.skipped)] == []
    assert list(reference.by_area) == list(AREAS)


def test_the_reference_leaves_nothing_to_be_skipped() -> None:
    assert ReferenceExecutor.capabilities == frozenset(Capability)


def test_the_reference_has_every_function_of_the_guest() -> None:
    assert FUNCTIONS.keys() == {each.name for each in header().exports}


def test_there_are_enough_mutants() -> None:
    assert len(MUTANTS) == len(FAULTS) >= 20


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_fault_is_named(mutant: type[ReferenceExecutor]) -> None:
    fault = FAULTS[mutant.__name__]
    naming = next(each for each in checks() if each.name == fault.caught_by)
    assert run_check(naming, mutant, wasm_guest(), examples=fault.examples).outcome is Outcome.FAILED


def test_what_is_raised_in_a_thread_is_what_came_of_it() -> None:
    naming = next(each for each in checks() if each.name == "engines work in threads of their own")
    result = run_check(naming, next(each for each in MUTANTS if each.__name__ == "WorksInOneThreadOnly"), wasm_guest())
    assert result.message.startswith("RuntimeError: called from another thread")


@pytest.mark.skipif(sys.version_info[:2] != ONCE, reason=f"runs on Python {ONCE[0]}.{ONCE[1]} only: once is enough")
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_fault_is_seen_in_few_other_places(mutant: type[ReferenceExecutor], quick: list[Check]) -> None:
    fault = FAULTS[mutant.__name__]
    if fault.everywhere:
        pytest.skip("nothing works any more with this one")
    others = [each for each in quick if each.name != fault.caught_by]
    found = [run_check(each, mutant, wasm_guest(), examples=fault.examples) for each in others]
    failed = [each for each in found if each.outcome is Outcome.FAILED]
    assert len(failed) <= fault.beside, _listed(failed)


def _listed(results: list[CheckResult]) -> str:
    return "\n".join(f"{each.check.name}: {each.message}" for each in results)
