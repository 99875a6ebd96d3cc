"""``docs/conformance.md`` says what there is, and so does the page on executors where it speaks of checks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from arora_core import conformance
from arora_core.conformance import AREAS, checks, strategies

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "conformance.md").read_text(encoding="utf-8")


def test_every_area_is_described() -> None:
    assert [each for each in AREAS if f"| `{each}` |" not in PAGE] == []


def test_what_is_imported_in_it_exists() -> None:
    imported = re.findall(r"from arora_core.conformance import (.+)", PAGE)
    names = {name.strip() for line in imported for name in line.split(",")}
    assert names <= set(conformance.__all__)
    assert all(getattr(conformance, name) is not None for name in names)


def test_the_strategies_in_it_exist() -> None:
    rows = re.findall(r"^\| (`[a-z_]+\(.*?) \|", PAGE, re.MULTILINE)
    names = {name for row in rows for name in re.findall(r"`([a-z_]+)\(", row)}
    assert len(names) == 8
    assert all(hasattr(strategies, name) for name in names)


@pytest.mark.parametrize("page", ["conformance.md", "writing-an-executor.md"])
def test_known_failures_are_shown_with_the_sentence_of_a_check(page: str) -> None:
    sentences = {each.name for each in checks()}
    shown = re.findall(r'known_failures=\{\s*"([^"]+)"', (DOCS / page).read_text(encoding="utf-8"))
    assert shown
    assert set(shown) <= sentences


def test_the_sentence_it_quotes_is_a_check() -> None:
    assert "*an exception of the host comes out as the same object*" in PAGE
    assert "an exception of the host comes out as the same object" in {each.name for each in checks()}
