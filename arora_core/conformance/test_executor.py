"""The suite of the executor named in ``pytest --pyargs arora_core.conformance --arora-executor NAME``.

The options are defined in ``pytest_plugin``, because pytest parses them before it imports a ``--pyargs`` package.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest

from ..errors import AroraError, ExecutorUnavailable
from ..executor import Executor
from ..plugins import discover
from . import subject
from .checking import Check, checks
from .compiling import CompilerNotFound
from .guests import Guest, guest_for
from .pytest_plugin import AREAS, EXAMPLES, EXECUTOR, SIZE, SKIP
from .running import available, keep_guest_loaded, known_names, run_check
from .suite import settle


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Generate a test for each check. Wrong options, or no guest, are one error of collection, not one a test."""
    name = metafunc.config.getoption(EXECUTOR, None)
    try:
        found = checks(metafunc.config.getoption(AREAS, None))
        known_names(dict(metafunc.config.getoption(SKIP, None) or ()))
        if name is not None:
            discover().executor(name)
            with suppress(ExecutorUnavailable):
                guest_for(available(name))
    except (AroraError, CompilerNotFound, ValueError) as error:
        raise pytest.Collector.CollectError(str(error)) from None
    metafunc.parametrize("check", found, ids=[f"{each.area}: {each.name}" for each in found])


@pytest.fixture(scope="module")
def under_test(request: pytest.FixtureRequest) -> Iterator[tuple[type[Executor], Guest]]:
    """Return the named executor and its guest."""
    name = request.config.getoption(EXECUTOR, None)
    if name is None:
        pytest.skip("no --arora-executor is named")
    try:
        executor = available(str(name))
    except ExecutorUnavailable as unavailable:
        pytest.skip(str(unavailable))
    guest = guest_for(executor)
    with keep_guest_loaded(executor, guest):
        yield executor, guest


def test_the_executor(check: Check, under_test: tuple[type[Executor], Guest], request: pytest.FixtureRequest) -> None:
    examples = request.config.getoption(EXAMPLES, None) or subject.EXAMPLES
    size = request.config.getoption(SIZE, None) or subject.SIZE
    skip = dict(request.config.getoption(SKIP, None) or ())
    settle(run_check(check, *under_test, examples=examples, size=size, skip=skip))
