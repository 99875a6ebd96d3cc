"""The paths on ``docs/architecture.md`` exist, and its table has every room."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

import arora_core
from docs.building.site_pages import file_of, links

ROOT: Final = Path(__file__).parents[1]
CORE: Final = Path(str(arora_core.__file__)).parent
DOCS: Final = ROOT / "docs"
PAGE: Final = (DOCS / "architecture.md").read_text(encoding="utf-8")

SUFFIXES: Final = frozenset({".py", ".md", ".toml", ".yaml", ".h", ".mjs", ".mts"})

MADE_BY_A_WALK: Final = frozenset(
    {
        "arora_core/cli/sizes.py",
        "plugins/arora-mine",
        "plugins/arora-mine/LICENSE",
        "plugins/arora-mine/pyproject.toml",
        "plugins/arora-mine/tests/test_conformance_mine.py",
        "plugins/arora-native/arora_native/symbols.py",
        "test_conformance.py",
    }
)
"""Paths on the page of files that the change it describes would add."""


def paths() -> list[str]:
    """The paths in backticks, in the order of the page."""
    quoted = dict.fromkeys(re.findall(r"`([\w./-]+)`", PAGE))
    return [each for each in quoted if "/" in each or Path(each).suffix in SUFFIXES]


def rooms() -> set[str]:
    """The directories of ``arora_core``."""
    return {each.name for each in CORE.iterdir() if each.is_dir() and any(each.rglob("*.*")) and each.name[0] != "_"}


@pytest.mark.parametrize("path", [each for each in paths() if each not in MADE_BY_A_WALK])
def test_a_path_on_the_page_exists(path: str) -> None:
    assert (ROOT / path).exists() or (CORE / path).exists()


@pytest.mark.parametrize("path", sorted(MADE_BY_A_WALK))
def test_a_path_that_a_walk_adds_is_on_the_page_and_does_not_exist_yet(path: str) -> None:
    assert path in paths()
    assert not (ROOT / path).exists()


def test_every_room_is_in_the_table() -> None:
    rows = re.findall(r"^\| (`.*?) \|", PAGE.partition("## The rooms")[2].partition("## A call")[0], re.MULTILINE)
    listed = {name for row in rows for name in re.findall(r"`(\w+)/`", row)}
    found = rooms()
    assert {"values", "runtime", "include"} <= found
    assert found <= listed


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_the_page_is_linked_to(page: str) -> None:
    leads = links((ROOT / page).read_text(encoding="utf-8"))
    assert "docs/architecture.md" in {file_of(target, page) for target in leads}
