"""Write results as a report to share: a single, self-contained JSON or HTML file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Final

from .results import CheckResult, Outcome, Results

_MARKS: Final = {Outcome.PASSED: "✓", Outcome.FAILED: "✗", Outcome.SKIPPED: "·"}

_PAGE: Final = Template(
    """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
:root { color-scheme: light dark; --good: #1a7f37; --bad: #b3261e; --quiet: #656d76; --line: #8884; --panel: #8881; }
@media (prefers-color-scheme: dark) { :root { --good: #57c46f; --bad: #ff8a80; --quiet: #9aa4ae; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .5rem; } h2 { font-size: 1.125rem; margin: 2rem 0 .5rem; }
.verdict { font-size: 1.125rem; font-weight: 600; margin: 0; } .facts { color: var(--quiet); margin: .25rem 0; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
thead th { font-weight: 400; color: var(--quiet); } th { font-weight: 400; } tfoot * { font-weight: 600; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; padding-right: 0; width: 5.5rem; }
.mark { width: 1rem; } .time { width: 3.75rem; } .time, .skipped, .none { color: var(--quiet); }
.good, .passed .mark { color: var(--good); } .bad, .failed .mark { color: var(--bad); }
.message { overflow-wrap: anywhere; white-space: pre-wrap; margin: .25rem 0 0; font-size: .875rem; }
.failed .message { font: .8125rem/1.5 ui-monospace, monospace; background: var(--panel); padding: .5rem .75rem; }
.area { color: var(--quiet); font-size: .875rem; }
summary { cursor: pointer; padding: .3rem 0; } summary .area { margin-left: .5rem; }
</style>
<h1>$title</h1>
<p class="verdict $colour">$verdict</p>
<p class="facts">$facts</p>
$failures
<h2>Areas</h2>
<table>
<thead><tr><th scope="col">area<th scope="col" class="number">passed<th scope="col" class="number">failed<th scope="col"
class="number">skipped</thead>
<tbody>$summary</tbody>
<tfoot>$total</tfoot>
</table>
$skipped
<h2>Checks</h2>
$areas
</html>
"""
)


def write_report(results: Results, path: Path) -> None:
    """Write ``results`` to ``path``, in the format of its suffix.

    Raises ValueError for a suffix other than ``.html`` and ``.json``, OSError if the file cannot be written.
    """
    if path.suffix == ".json":
        path.write_text(json.dumps(results.to_data(), indent=2) + "\n", encoding="utf-8")
    elif path.suffix == ".html":
        path.write_text(html(results), encoding="utf-8")
    else:
        raise ValueError(f"the name of a report ends in .html or .json, not {path.name!r}")


def html(results: Results) -> str:
    """Return the results as an HTML page: failures first, then areas, reasons for skipping, and every check."""
    return _PAGE.substitute(
        title=escape(f"Conformance of {results.executor}"),
        colour="bad" if results.failed else "good",
        verdict=escape(verdict(results)),
        facts=escape(_facts(results)),
        failures=_section("Failures", [_row(each, each.check.area) for each in results.failed]),
        summary="\n".join(_summary_row(area, found) for area, found in results.by_area.items()),
        total=_summary_row("all", results.results),
        skipped=_section("Reasons for skipping", [_reason(*each) for each in reasons(results)]),
        areas="\n".join(_area(area, found) for area, found in results.by_area.items()),
    )


def verdict(results: Results) -> str:
    """Return the counts in one line, without zeros: ``126 checks: 120 passed, 6 skipped``."""
    counts = [f"{len(results.failed)} failed"] if results.failed else []
    counts.append(f"{len(results.passed)} passed")
    counts += [f"{len(results.skipped)} skipped"] if results.skipped else []
    return f"{len(results.results)} checks: {', '.join(counts)}"


def counted(found: Sequence[CheckResult]) -> tuple[int, int, int]:
    """Return the numbers of checks that passed, failed and were skipped."""
    passed, failed, skipped = (sum(each.outcome is outcome for each in found) for outcome in Outcome)
    return passed, failed, skipped


def reasons(results: Results) -> Sequence[tuple[str, int]]:
    """Return the reasons for skipping checks, each with the number of checks, the most frequent first."""
    return Counter(each.message for each in results.skipped).most_common()


def _facts(results: Results) -> str:
    data = results.to_data()
    facts = [
        *([f"runtime {results.version}"] if results.version else []),
        f"arora-core {data['core']}",
        f"{data['implementation']} {data['python']}",
        f"{data['platform']}",
    ]
    return f"{', '.join(facts)}. Capabilities: {', '.join(results.capabilities) or 'none'}."


def _section(title: str, rows: Sequence[str]) -> str:
    return f"<h2>{title}</h2>\n<table>\n{chr(10).join(rows)}\n</table>" if rows else ""


def _summary_row(area: str, found: Sequence[CheckResult]) -> str:
    classes = ("", " bad", " skipped")
    numbers = "".join(
        f'<td class="number{name if number else " none"}">{number or "·"}'
        for name, number in zip(classes, counted(found), strict=True)
    )
    return f'<tr><th scope="row">{_words(area)}{numbers}</tr>'


def _reason(reason: str, count: int) -> str:
    return f'<tr><td>{escape(reason)}<td class="number">{count}</tr>'


def _area(area: str, found: Sequence[CheckResult]) -> str:
    rows = "\n".join(_row(each) for each in found)
    passed, failed, skipped = counted(found)
    outcomes = ((failed, "failed"), (passed, "passed"), (skipped, "skipped"))
    counts = [f"{number} {outcome}" for number, outcome in outcomes if number]
    summary = f'<summary>{_words(area)}<span class="area">{", ".join(counts)}</span></summary>'
    return f"<details>{summary}\n<table>\n{rows}\n</table></details>"


def _row(result: CheckResult, area: str = "") -> str:
    where = f'<span class="area"> {_words(area)}</span>' if area else ""
    message = f'<div class="message">{escape(result.message)}</div>' if result.message else ""
    return (
        f'<tr class="{result.outcome.value}"><td class="mark">{_MARKS[result.outcome]}'
        f'<td>{escape(result.check.name)}{where}{message}<td class="number time">{_time(result.seconds)}</tr>'
    )


def _words(area: str) -> str:
    return escape(area.replace("_", " "))


def _time(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"
