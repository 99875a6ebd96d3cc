"""Fixtures that several test files share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from arora_core import Engine
from tests.installing import Site


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A directory on ``sys.path`` to install throw-away distributions into."""
    directory = tmp_path / "site-packages"
    directory.mkdir()
    return Site(directory, monkeypatch)


@pytest.fixture
def engine() -> Iterator[Engine]:
    """An engine, closed afterwards."""
    with Engine() as engine:
        yield engine
