"""The options of ``pytest --pyargs arora_core.conformance --executor NAME``."""

from __future__ import annotations

from contextlib import suppress

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds ``--executor`` and ``--area``, unless another plugin has them: then its value is used."""
    group = parser.getgroup("arora", "Arora's conformance suite")
    with suppress(ValueError):
        group.addoption("--executor", metavar="NAME", help="the installed executor whose conformance is tested")
    with suppress(ValueError):
        group.addoption("--area", action="append", metavar="AREA", help="test only this area; may be repeated")
