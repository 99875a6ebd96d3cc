"""The suite of the executor named on pytest's command line: ``pytest --pyargs arora_core.conformance --executor NAME``.

pytest reads options before it imports a package named with ``--pyargs``, so they come from ``pytest_plugin``.
"""

from __future__ import annotations

import pytest

from .checking import Check, checks
from .guests import guest_for
from .results import Outcome
from .running import available, run_check


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test for each check."""
    areas = metafunc.config.getoption("--area", None)
    found = checks(areas)
    metafunc.parametrize("check", found, ids=[f"{each.area}: {each.name}" for each in found])


def test_the_executor(check: Check, request: pytest.FixtureRequest) -> None:
    name = request.config.getoption("--executor", None)
    if name is None:
        pytest.skip("no --executor is named")
    executor = available(str(name))
    result = run_check(check, executor, guest_for(executor))
    if result.outcome is Outcome.SKIPPED:
        pytest.skip(result.message)
    if result.error is not None:
        raise result.error
