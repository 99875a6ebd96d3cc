"""Fixtures that run every test here once for each WebAssembly executor that is installed and can run here."""

from __future__ import annotations

import pytest

from arora_core.executor import Executor
from tests.wasm.guests import EXECUTORS, Load


@pytest.fixture(params=list(EXECUTORS.values()), ids=list(EXECUTORS))
def executor(request: pytest.FixtureRequest) -> type[Executor]:
    """Return the class of one executor."""
    found: type[Executor] = request.param
    return found


@pytest.fixture
def load(executor: type[Executor]) -> Load:
    """Return the loader of guests into it."""
    return Load(executor)
