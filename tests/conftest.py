"""Fixtures that several test files share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from arora_core import Engine, LoadedModule
from tests.guest_runners import EXECUTORS, SANDBOXES, GuestRunner
from tests.installing import Site


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A directory on ``sys.path`` to install throw-away distributions into."""
    directory = tmp_path / "site-packages"
    directory.mkdir()
    return Site(directory, monkeypatch)


@pytest.fixture(params=list(EXECUTORS))
def runner(request: pytest.FixtureRequest) -> GuestRunner:
    """The conformance guest, once for each executor."""
    return GuestRunner(request.param)


@pytest.fixture
def engine() -> Iterator[Engine]:
    """An engine, closed afterwards."""
    with Engine() as engine:
        yield engine


@pytest.fixture
def guest(engine: Engine, runner: GuestRunner) -> LoadedModule:
    """The guest, loaded: once for each executor."""
    return runner.load(engine)


@pytest.fixture(params=SANDBOXES)
def sandboxed_guest(request: pytest.FixtureRequest, engine: Engine) -> LoadedModule:
    """The guest where it may crash: once for each executor with a sandbox."""
    return GuestRunner(request.param).load(engine)
