"""Every test here runs once for each WebAssembly executor that is installed and can run on this interpreter."""

from __future__ import annotations

import pytest

from arora_core.executor import Executor
from tests.wasm.guests import EXECUTORS, Load


@pytest.fixture(params=list(EXECUTORS.values()), ids=list(EXECUTORS))
def executor(request: pytest.FixtureRequest) -> type[Executor]:
    """The class of one executor."""
    found: type[Executor] = request.param
    return found


@pytest.fixture
def load(executor: type[Executor]) -> Load:
    """Loads guests into it."""
    return Load(executor)
