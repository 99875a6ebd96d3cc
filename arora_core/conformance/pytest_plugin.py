"""The options of ``pytest --pyargs arora_core.conformance --arora-executor NAME``."""

from __future__ import annotations

from argparse import ArgumentTypeError
from typing import Final

import pytest

EXECUTOR: Final = "arora_executor"
"""The destination of ``--arora-executor``. It is prefixed because pytest loads this plugin in every project."""

AREAS: Final = "arora_areas"
"""The destination of ``--arora-area``."""

EXAMPLES: Final = "arora_examples"
"""The destination of ``--arora-examples``."""

SIZE: Final = "arora_size"
"""The destination of ``--arora-size``."""

SKIP: Final = "arora_skip"
"""The destination of ``--arora-skip``: pairs of the name of a check and the reason."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, which have the names of those of ``arora conformance`` behind ``--arora-``."""
    group = parser.getgroup("arora", "Arora's conformance suite")
    group.addoption(
        "--arora-executor", dest=EXECUTOR, metavar="NAME", help="the installed executor whose conformance is tested"
    )
    group.addoption(
        "--arora-area", dest=AREAS, action="append", metavar="AREA", help="test only this area; may be repeated"
    )
    group.addoption(
        "--arora-examples", dest=EXAMPLES, type=_number, metavar="N", help="try this many generated inputs a check"
    )
    group.addoption(
        "--arora-size", dest=SIZE, type=_number, metavar="N", help="make no buffer larger than this many bytes"
    )
    group.addoption(
        "--arora-skip",
        dest=SKIP,
        action="append",
        type=_skipped,
        metavar="SENTENCE=REASON",
        help="leave out the check of this name, for this reason; may be repeated",
    )


def _number(given: str) -> int:
    if not given.isdecimal() or int(given) < 1:
        raise ArgumentTypeError(f"{given!r} is not a number above 0")
    return int(given)


def _skipped(given: str) -> tuple[str, str]:
    sentence, _, reason = given.partition("=")
    if not sentence or not reason:
        raise ArgumentTypeError(f"{given!r} is not SENTENCE=REASON")
    return sentence, reason
