"""The conformance guest, loaded."""

from __future__ import annotations

import pytest

from arora_core import Engine, LoadedModule
from tests.engine.guest_runners import EXECUTORS, SANDBOXES, GuestRunner


@pytest.fixture(params=list(EXECUTORS))
def runner(request: pytest.FixtureRequest) -> GuestRunner:
    """The conformance guest, once for each executor."""
    return GuestRunner(request.param)


@pytest.fixture
def guest(engine: Engine, runner: GuestRunner) -> LoadedModule:
    """The guest, loaded: once for each executor."""
    return runner.load(engine)


@pytest.fixture(params=SANDBOXES)
def sandboxed_guest(request: pytest.FixtureRequest, engine: Engine) -> LoadedModule:
    """The guest where it may crash: once for each executor with a sandbox."""
    return GuestRunner(request.param).load(engine)
