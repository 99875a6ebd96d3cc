"""Fixtures that several test files share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from arora_core import Engine
from examples import build
from tests.installing import Site

# A slow machine is not a failure: Hypothesis fails examples that take longer than 200 ms otherwise.
settings.register_profile("arora", deadline=None)
settings.load_profile("arora")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Return a temporary directory on ``sys.path`` to install distributions into."""
    directory = tmp_path / "site-packages"
    directory.mkdir()
    return Site(directory, monkeypatch)


@pytest.fixture(scope="session")
def native_examples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the directories of the examples' native builds, by name."""
    directory = tmp_path_factory.mktemp("native")
    return {name: build.build_native(name, directory / name) for name in build.example_names()}


@pytest.fixture
def engine() -> Iterator[Engine]:
    """Yield an engine, and close it afterwards."""
    with Engine() as engine:
        yield engine
