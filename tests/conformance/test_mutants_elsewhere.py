"""Mutants fail few other checks than the one that names their fault: a report of the suite leads to the fault."""

from __future__ import annotations

import os

import pytest

from arora_core.conformance import Check, CheckResult, Outcome, checks, run_check, run_checks, wasm_guest

from .mutants import FAULTS, MUTANTS
from .reference import ReferenceExecutor

pytestmark = pytest.mark.usefixtures("no_shrinking")

SLOWEST = 25
"""The number of slow checks that do not run on every mutant."""
EVERY = int(os.environ.get("ARORA_MUTANT_CHECKS", 4))
"""Each mutant runs one in this many checks, the next one others. ``ARORA_MUTANT_CHECKS=1`` runs all on each."""


@pytest.fixture(scope="module")
def quick() -> set[Check]:
    """All checks but the slowest."""
    by_time = sorted(run_checks(ReferenceExecutor).results, key=lambda each: each.seconds)
    return {each.check for each in by_time[:-SLOWEST]}


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_fault_fails_few_other_checks(mutant: type[ReferenceExecutor], quick: set[Check]) -> None:
    fault = FAULTS[mutant.__name__]
    if fault.everywhere:
        pytest.skip("nearly all checks fail with this fault")
    share = list(checks())[MUTANTS.index(mutant) % EVERY :: EVERY]
    others = [each for each in share if each in quick and each.name != fault.caught_by]
    found = [run_check(each, mutant, wasm_guest(), examples=fault.examples) for each in others]
    failed = [each for each in found if each.outcome is Outcome.FAILED]
    assert len(failed) <= fault.max_others, _listed(failed)


def _listed(results: list[CheckResult]) -> str:
    return "\n".join(f"{each.check.name}: {each.message}" for each in results)
