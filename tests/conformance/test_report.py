"""Reports of results as HTML and JSON."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from arora_core import Capability, Executor
from arora_core.conformance import checks, run_checks
from arora_core.conformance.report import html, reasons, verdict, write_report

from .broken import broken, loses_errors

ERROR_BUFFER = "an error buffer is a guest error with its message"


class Tags(HTMLParser):
    """Collect the URLs that a page refers to."""

    def __init__(self) -> None:
        super().__init__()
        self.references: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.references += [value for name, value in attrs if name in ("src", "href")]


@pytest.fixture(scope="module")
def failing() -> Any:
    executor: type[Executor] = broken(loses_errors, lacking=frozenset({Capability.FUEL}))
    return run_checks(executor, ["errors", "limits"], examples=5)


def test_a_json_report_has_every_check(failing: Any, tmp_path: Path) -> None:
    write_report(failing, tmp_path / "report.json")
    data = json.loads((tmp_path / "report.json").read_text())
    assert [each["name"] for each in data["checks"]] == [each.check.name for each in failing.results]
    assert (data["executor"], data["failed"]) == ("broken", len(failing.failed))


def test_an_html_report_has_every_check_and_is_self_contained(failing: Any, tmp_path: Path) -> None:
    write_report(failing, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert all(each.check.name in page for each in failing.results)
    tags = Tags()
    tags.feed(page)
    assert tags.references == []


def test_an_html_report_begins_with_the_failures_and_their_messages(failing: Any) -> None:
    page = html(failing)
    assert (
        page.index(ERROR_BUFFER)
        < page.index("<h2>Areas")
        < page.index("<h2>Reasons for skipping")
        < page.index("<h2>Checks")
    )
    assert page.index("expected GuestError") < page.index("<h2>Areas")


def test_a_report_says_why_checks_were_skipped_and_how_many(failing: Any) -> None:
    of_fuel = [each for each in checks(["limits"]) if Capability.FUEL in each.needs]
    assert reasons(failing) == [("broken does not declare the capability 'fuel'", len(of_fuel))]


def test_an_html_report_without_failures_has_no_section_of_failures() -> None:
    assert "<h2>Failures" not in html(run_checks("wasmtime", ["output"]))


def test_messages_are_escaped_in_an_html_report(failing: Any) -> None:
    assert "<built-in" not in html(failing)


def test_a_verdict_counts_the_failures_first(failing: Any) -> None:
    assert verdict(failing).startswith(f"{len(failing.results)} checks: {len(failing.failed)} failed, ")


def test_a_report_with_another_suffix_is_refused(failing: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"\.html or \.json"):
        write_report(failing, tmp_path / "report.txt")
