"""``docs/conformance.md`` matches the code, and so do the names of checks in ``docs/writing-an-executor.md``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from arora_core import conformance
from arora_core.buffers import AroraCodec
from arora_core.conformance import AREAS, checks, strategies
from tests.installing import Site
from tests.pages import ROOT, python_blocks

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "conformance.md").read_text(encoding="utf-8")


def test_every_area_is_described() -> None:
    assert [each for each in AREAS if f"| `{each}` |" not in PAGE] == []


def test_every_import_on_the_page_exists() -> None:
    imported = re.findall(r"from arora_core.conformance import (.+)", PAGE)
    names = {name.strip() for line in imported for name in line.split(",")}
    assert names <= set(conformance.__all__)
    assert all(getattr(conformance, name) is not None for name in names)


MINE = """
from arora_core import hookimpl
from arora_wasmtime.executor import WasmtimeExecutor

class Mine(WasmtimeExecutor):
    name = "mine"

@hookimpl
def arora_executors():
    return [Mine]
"""


def test_every_block_of_the_page_runs(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    site.install("arora-mine", MINE)
    monkeypatch.chdir(ROOT)
    # What the page leaves to its reader.
    made: dict[str, Any] = {"MyCodec": AroraCodec, "executable": b""}
    for _, _, program in python_blocks("docs/conformance.md"):
        exec(program, made)
    made["test_forward_never_crashes"]()
    made["engine"].close()
    # run_checks found no failure to print.
    assert capsys.readouterr().out == ""


def test_every_strategy_on_the_page_exists() -> None:
    rows = re.findall(r"^\| (`[a-z_]+\(.*?) \|", PAGE, re.MULTILINE)
    names = {name for row in rows for name in re.findall(r"`([a-z_]+)\(", row)}
    assert len(names) == 8
    assert all(hasattr(strategies, name) for name in names)


@pytest.mark.parametrize("page", ["conformance.md", "writing-an-executor.md"])
def test_known_failures_in_examples_are_names_of_checks(page: str) -> None:
    sentences = {each.name for each in checks()}
    named = re.findall(r'known_failures=\{\s*"([^"]+)"', (DOCS / page).read_text(encoding="utf-8"))
    assert named
    assert set(named) <= sentences


def test_the_check_that_the_page_quotes_exists() -> None:
    assert "*an exception of the host comes out as the same object*" in PAGE
    assert "an exception of the host comes out as the same object" in {each.name for each in checks()}
