"""Running a test on generated examples."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from time import monotonic
from typing import Any, Final, TypeVar

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

_T = TypeVar("_T")

SHRINKING: Final = 10.0
"""Seconds that are spent on making an example smaller that failed."""


def for_all(strategy: st.SearchStrategy[_T], test: Callable[[_T], None], examples: int) -> None:
    """Runs ``test`` on examples of ``strategy``; raises what it raises, for the smallest example that fails.

    The same examples every time, and nothing is written to disk. Once one has failed, it is made smaller for no longer
    than ``SHRINKING`` seconds: with a slow executor it would take minutes.
    """
    failed: set[str] = set()
    until = inf

    @repeatable(examples)
    @given(strategy)
    def run(drawn: _T) -> None:
        nonlocal until
        example = repr(drawn)
        if monotonic() > until and example not in failed:
            # What failed has to fail again, for Hypothesis to believe it; all else passes without a look.
            return
        try:
            test(drawn)
        except Exception:
            failed.add(example)
            until = min(until, monotonic() + SHRINKING)
            raise

    run()


def repeatable(examples: int, **more: Any) -> settings:
    """Settings with which there are the same examples every time, and nothing is written to disk."""
    return settings(
        max_examples=max(1, examples),
        derandomize=True,
        database=None,
        deadline=None,
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        **more,
    )
