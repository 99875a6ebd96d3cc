"""Reports of results, as a page and as data."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from arora_core import Capability, Executor
from arora_core.conformance import run_checks
from arora_core.conformance.report import html, reasons, verdict, write_report

from .broken import loses_errors, spoiled

FAILS = "an error buffer is a guest error with its message"


class Tags(HTMLParser):
    """Collects what a page refers to."""

    def __init__(self) -> None:
        super().__init__()
        self.references: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.references += [value for name, value in attrs if name in ("src", "href")]


@pytest.fixture(scope="module")
def broken() -> Any:
    executor: type[Executor] = spoiled(loses_errors, lacking=frozenset({Capability.FUEL}))
    return run_checks(executor, ["errors", "limits"], examples=5)


def test_a_json_report_has_every_check(broken: Any, tmp_path: Path) -> None:
    write_report(broken, tmp_path / "report.json")
    data = json.loads((tmp_path / "report.json").read_text())
    assert [each["name"] for each in data["checks"]] == [each.check.name for each in broken.results]
    assert (data["executor"], data["failed"]) == ("spoiled", len(broken.failed))


def test_an_html_report_has_every_check_and_needs_nothing_else(broken: Any, tmp_path: Path) -> None:
    write_report(broken, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert all(each.check.name in page for each in broken.results)
    tags = Tags()
    tags.feed(page)
    assert tags.references == []


def test_an_html_report_begins_with_what_failed_and_why(broken: Any) -> None:
    page = html(broken)
    assert page.index(FAILS) < page.index("<h2>Areas") < page.index("<h2>Skipped, because") < page.index("<h2>Checks")
    assert page.index("expected GuestError") < page.index("<h2>Areas")


def test_a_report_says_why_checks_were_skipped_and_how_many(broken: Any) -> None:
    assert reasons(broken) == [("spoiled does not declare the capability 'fuel'", 3)]


def test_an_html_report_of_what_passed_speaks_of_no_failures() -> None:
    assert "<h2>Failures" not in html(run_checks("wasmtime", ["output"]))


def test_what_a_message_says_is_no_markup(broken: Any) -> None:
    assert "<built-in" not in html(broken)
    assert verdict(broken).startswith(f"Of {len(broken.results)} checks {len(broken.failed)} failed, ")


def test_another_suffix_is_refused(broken: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"\.html or \.json"):
        write_report(broken, tmp_path / "report.txt")
