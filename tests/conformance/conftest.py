"""Fixtures of the tests of the suite."""

from __future__ import annotations

import pytest


@pytest.fixture
def no_shrinking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Report the first failing example: these tests only ask whether a fault is found, not for a small example."""
    monkeypatch.setattr("arora_core.conformance.generating.SHRINKING", 0.0)
