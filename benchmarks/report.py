"""Format results as tables and as data for JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Final

from benchmarks.measure import Measured, Result
from benchmarks.targets import Verdict

_UNITS: Final = ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns"))


def table(result: Result) -> str:
    """Format a group as a table: one line per contender, with its speed relative to each peer."""
    group = result.group
    peers = [result.rows[each] for each in group.peers if each in result.rows]
    head = ["", "median", "best", "spread", *(["GB/s"] if group.payload else [])]
    lines = [[*head, *(f"vs {each.contender.name}" for each in peers)]]
    for name, row in result.rows.items():
        seconds = row.seconds
        rate = [_three_digits(group.payload / seconds.median / 1e9)] if group.payload else []
        spread = f"{(seconds.high - seconds.low) / seconds.median:.0%}"
        ratios = [ratio(row.times_faster_than(each).median) for each in peers]
        lines.append([name, duration(seconds.median), duration(seconds.best), spread, *rate, *ratios])
    notes = [*group.notes, *(f"not measured: {name} ({reason})" for name, reason in group.missing.items())]
    return "\n".join([f"{group.name}: {group.title}", _aligned(lines), *(f"  {each}" for each in notes)])


def targets(verdicts: Sequence[Verdict]) -> str:
    """Format the targets and whether they were reached."""
    lines = [["", "at least", "aim", "measured", "best samples", "reached"]]
    for each in verdicts:
        figures = (each.target.at_least, each.target.aim, each.measured, each.of_best)
        reached = {True: "yes", False: "NO", None: "not measured"}[each.reached]
        lines.append([each.target.what, *("" if figure is None else ratio(figure) for figure in figures), reached])
    return "\n".join(["targets (times as fast)", _aligned(lines)])


def place(machine: Mapping[str, object], versions: Mapping[str, object]) -> str:
    """Format the machine and the versions as two lines."""
    packages = ", ".join(f"{name} {version}" for name, version in versions.items() if version)
    return f"{machine['cpu']}, {machine['cores']} cores, {machine['os']}, load {machine['load']}\n{packages}"


def as_data(result: Result) -> dict[str, object]:
    """Return a group as plain data. Times are in seconds per operation, ``faster_than`` is by peer."""
    group = result.group
    peers = {each: result.rows[each] for each in group.peers if each in result.rows}
    return {
        "name": group.name,
        "title": group.title,
        "payload": group.payload,
        "notes": group.notes,
        "missing": group.missing,
        "contenders": [_row(name, row, peers) for name, row in result.rows.items()],
    }


def _row(name: str, row: Measured, peers: Mapping[str, Measured]) -> dict[str, object]:
    return {
        "name": name,
        "what": row.contender.what,
        "operations": row.contender.operations,
        "loops": row.loops,
        "rounds": len(row.samples),
        "seconds": asdict(row.seconds),
        "samples": row.samples,
        "faster_than": {peer: asdict(row.times_faster_than(other)) for peer, other in peers.items()},
    }


def verdict_as_data(verdict: Verdict) -> dict[str, object]:
    """Return a verdict as plain data. ``measured``, ``of_best`` and ``reached`` are None if it was not measured."""
    outcome = {"measured": verdict.measured, "of_best": verdict.of_best, "reached": verdict.reached}
    return {**asdict(verdict.target), **outcome}


def duration(seconds: float) -> str:
    """Format a time with three digits and a unit: ``1.25 us``. ``seconds`` must be positive."""
    size, unit = next(((size, unit) for size, unit in _UNITS if seconds >= size), _UNITS[-1])
    return f"{_three_digits(seconds / size)} {unit}"


def ratio(times: float) -> str:
    """Format a ratio with three digits: ``12.3x``. ``times`` must be positive."""
    return f"{_three_digits(times)}x"


def _three_digits(number: float) -> str:
    return f"{number:.{max(2 - math.floor(math.log10(number)), 0)}f}"


def _aligned(lines: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) if index == 0 else cell.rjust(width) for index, (cell, width) in enumerate(row))
        for row in (list(zip(line, widths, strict=True)) for line in lines)
    )
