"""Fixtures that several test files share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from arora_core import Engine, LoadedModule
from tests.guest_probe import KINDS, Probe, compiled
from tests.installing import Site


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A directory on ``sys.path`` to install throw-away distributions into."""
    directory = tmp_path / "site-packages"
    directory.mkdir()
    return Site(directory, monkeypatch)


@pytest.fixture(scope="session")
def executables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The probe's executable by kind, compiled once."""
    return compiled(tmp_path_factory.mktemp("probe"))


@pytest.fixture(params=list(KINDS))
def probe(request: pytest.FixtureRequest, executables: dict[str, bytes]) -> Probe:
    """The probe, once for each executor."""
    executor: str = request.param
    return Probe(executor, executables[KINDS[executor]])


@pytest.fixture
def engine() -> Iterator[Engine]:
    """An engine, closed afterwards."""
    with Engine() as engine:
        yield engine


@pytest.fixture
def guest(engine: Engine, probe: Probe) -> LoadedModule:
    """The probe, loaded: once for each executor."""
    return engine.load_module(probe.definition(), executor=probe.executor)


@pytest.fixture(params=[executor for executor, kind in KINDS.items() if kind == "wasm"])
def wasm_guest(request: pytest.FixtureRequest, engine: Engine, executables: dict[str, bytes]) -> LoadedModule:
    """The probe as WebAssembly, where guests may crash: once for each executor."""
    return engine.load_module(Probe(request.param, executables["wasm"]).definition(), executor=request.param)
