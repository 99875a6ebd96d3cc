"""Run a test on generated examples."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from time import monotonic
from typing import Any, Final, TypeVar

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

_T = TypeVar("_T")

SHRINKING: Final = 10.0
"""Seconds spent on shrinking a failing example; 0 to report the first one found."""


def for_all(strategy: st.SearchStrategy[_T], test: Callable[[_T], None], examples: int) -> None:
    """Run ``test`` on examples of ``strategy``; raise the exception of the smallest failing example.

    The examples are the same in every run, and nothing is written to disk. Shrinking a failing example stops after
    ``SHRINKING`` seconds: with a slow executor it would take minutes.
    """
    failed: set[str] = set()
    until = inf

    @repeatable(examples)
    @given(strategy)
    def run(drawn: _T) -> None:
        nonlocal until
        example = repr(drawn)
        if monotonic() > until and example not in failed:
            # Time is up: Hypothesis runs the smallest failing example again, and all others pass without running.
            return
        try:
            test(drawn)
        except Exception:
            failed.add(example)
            until = min(until, monotonic() + SHRINKING)
            raise

    run()


def repeatable(examples: int, **more: Any) -> settings:
    """Return Hypothesis settings that draw the same examples in every run and write nothing to disk."""
    return settings(
        max_examples=max(1, examples),
        derandomize=True,
        database=None,
        deadline=None,
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate, *([Phase.shrink] if SHRINKING else [])),
        **more,
    )
