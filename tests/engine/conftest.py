"""Fixtures that load the conformance guest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from arora_core import Engine, EnginePool, LoadedModule
from arora_core.runtime.pooled_module import PooledModule
from tests.engine.guest_runners import EXECUTORS, SANDBOXES, GuestRunner
from tests.engine.pooling import SIZE

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(params=list(EXECUTORS))
def runner(request: pytest.FixtureRequest) -> GuestRunner:
    """Return the runner of the conformance guest, once for each executor."""
    return GuestRunner(request.param)


@pytest.fixture
def guest(engine: Engine, runner: GuestRunner) -> LoadedModule:
    """Return the loaded guest, once for each executor."""
    return runner.load(engine)


@pytest.fixture(params=SANDBOXES)
def sandboxed_guest(request: pytest.FixtureRequest, engine: Engine) -> LoadedModule:
    """Return the loaded guest, once for each executor with a sandbox, in which it may crash."""
    return GuestRunner(request.param).load(engine)


@pytest.fixture
def pool() -> Iterator[EnginePool]:
    with EnginePool(SIZE) as pool:
        yield pool


@pytest.fixture
def pooled(pool: EnginePool, runner: GuestRunner) -> PooledModule:
    return pool.load_module(runner.definition(), executor=runner.executor)


@pytest.fixture
def arm(pool: EnginePool) -> PooledModule:
    return pool.load(EXAMPLES / "ur5" / "module.yaml", executor="wasmtime")
