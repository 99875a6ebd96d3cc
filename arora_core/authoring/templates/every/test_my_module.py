"""my-module gives the same answers on every executor that is installed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from arora_core import Engine, GuestError, Header, LoadedModule, discover

HERE = Path(__file__).parent
BUILT = [path for path in (HERE / "module.yaml", HERE / "native" / "module.yaml") if path.exists()]


def executors(header: Path) -> list[str]:
    """Return the executors that can run the module with this header here."""
    kind = Header.load(header).executor.name
    return [name for name, each in discover().executors.items() if kind in each.serves and each.unavailable() is None]


@pytest.fixture(params=[(path, name) for path in BUILT for name in executors(path)], ids=lambda each: each[1])
def module(request: pytest.FixtureRequest) -> Iterator[LoadedModule]:
    path, executor = request.param
    with Engine() as engine:
        yield engine.load(path, executor=executor)


def test_the_mean_of_values(module: LoadedModule) -> None:
    assert module.mean([1.0, 2.0, 6.0]) == 3.0


def test_no_values_have_no_mean(module: LoadedModule) -> None:
    with pytest.raises(GuestError, match="no values"):
        module.mean([])
