"""The options of ``pytest --pyargs arora_core.conformance --arora-executor NAME``."""

from __future__ import annotations

from typing import Final

import pytest

EXECUTOR: Final = "arora_executor"
"""The destination of ``--arora-executor``. It is prefixed because pytest loads this plugin in every project."""

AREAS: Final = "arora_areas"
"""The destination of ``--arora-area``."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--arora-executor`` and ``--arora-area``."""
    group = parser.getgroup("arora", "Arora's conformance suite")
    group.addoption(
        "--arora-executor", dest=EXECUTOR, metavar="NAME", help="the installed executor whose conformance is tested"
    )
    group.addoption(
        "--arora-area", dest=AREAS, action="append", metavar="AREA", help="test only this area; may be repeated"
    )
