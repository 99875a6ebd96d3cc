"""A report of results that can be handed on: one JSON or HTML file that needs nothing else."""

from __future__ import annotations

import json
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
:root { color-scheme: light dark; --good: #1a7f37; --bad: #cf222e; --line: #8886; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.passed .mark { color: var(--good); } .failed .mark, .failed .message { color: var(--bad); }
.skipped { opacity: .7; } .message { font-size: .875rem; overflow-wrap: anywhere; white-space: pre-wrap; }
summary { cursor: pointer; font-weight: 600; padding: .25rem 0; }
</style>
<h1>$title</h1>
<p>$verdict</p>
<p>$facts</p>
<table>
<tr><th>area<th class="number">passed<th class="number">failed<th class="number">skipped</tr>
$summary
</table>
$areas
</html>
"""
)


def write_report(results: Results, path: Path) -> None:
    """Writes ``results`` to ``path``. Raises ValueError for another suffix than ``.html`` and ``.json``, OSError."""
    if path.suffix == ".json":
        path.write_text(json.dumps(results.to_data(), indent=2) + "\n", encoding="utf-8")
    elif path.suffix == ".html":
        path.write_text(html(results), encoding="utf-8")
    else:
        raise ValueError(f"a report is .html or .json, not {path.name!r}")


def html(results: Results) -> str:
    """The results as one page."""
    data = results.to_data()
    runtime = f" on {results.version}" if results.version else ""
    facts = f"Python {data['python']} ({data['implementation']}), {data['platform']}. "
    facts += f"It declares: {', '.join(results.capabilities) or 'no capabilities'}."
    return _PAGE.substitute(
        title=escape(f"Conformance of {results.executor}{runtime}"),
        verdict=escape(verdict(results)),
        facts=escape(facts),
        summary="\n".join(_summary_row(area, found) for area, found in results.by_area.items()),
        areas="\n".join(_area(area, found) for area, found in results.by_area.items()),
    )


def verdict(results: Results) -> str:
    """One sentence: ``120 checks passed, 6 were skipped.``"""
    counts = [f"{len(results.failed)} failed"] if results.failed else []
    counts.append(f"{len(results.passed)} passed")
    counts += [f"{len(results.skipped)} were skipped"] if results.skipped else []
    return f"Of {len(results.results)} checks {', '.join(counts)}."


def counted(found: Sequence[CheckResult]) -> tuple[int, int, int]:
    """How many passed, failed and were skipped."""
    passed, failed, skipped = (sum(each.outcome is outcome for each in found) for outcome in Outcome)
    return passed, failed, skipped


def _summary_row(area: str, found: Sequence[CheckResult]) -> str:
    numbers = "".join(f'<td class="number">{number or ""}' for number in counted(found))
    return f"<tr><td>{escape(area)}{numbers}</tr>"


def _area(area: str, found: Sequence[CheckResult]) -> str:
    opened = " open" if any(each.outcome is Outcome.FAILED for each in found) else ""
    rows = "\n".join(_row(each) for each in found)
    return f"<details{opened}><summary>{escape(area)}</summary>\n<table>\n{rows}\n</table></details>"


def _row(result: CheckResult) -> str:
    message = f'<div class="message">{escape(result.message)}</div>' if result.message else ""
    time = f"{result.seconds:.2f} s"
    return (
        f'<tr class="{result.outcome.value}"><td class="mark">{_MARKS[result.outcome]}'
        f'<td>{escape(result.check.name)}{message}<td class="number">{time}</tr>'
    )
