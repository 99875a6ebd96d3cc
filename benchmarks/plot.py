"""Draw how the cost of a row of a batch grows: ``python benchmarks/plot.py RESULTS.json docs/batch-cost.svg``.

``RESULTS.json`` is what ``benchmarks/run.py batch batch-shapes --json RESULTS.json`` writes. Needs matplotlib.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot

CHARTS: Final = {
    "batch-rows": ("rows of the batch", "add(u32, u32)"),
    "batch-columns": ("columns of u32", "a guest that does nothing"),
    "batch-items": ("items of an f64[] that is echoed", "there and back"),
}
"""The groups to draw: the label of the axis, and what is called."""


def drawn(results: dict[str, Any]) -> Any:
    """Return a figure with a chart for each group. Raises KeyError if a group was not measured."""
    groups = {each["name"]: each for each in results["groups"]}
    figure, axes = pyplot.subplots(1, len(CHARTS), figsize=(11, 3.2), layout="constrained")
    for axis, (name, (label, called)) in zip(axes, CHARTS.items(), strict=True):
        rows = [(int(row["name"].split()[0]), row["seconds"]["median"] * 1e9) for row in groups[name]["contenders"]]
        axis.plot(*zip(*rows, strict=True), marker="o")
        axis.set(xscale="log", yscale="log", xlabel=label, ylabel="ns a row", title=called)
        axis.grid(visible=True, which="major", alpha=0.4)
    return figure


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:])
    matplotlib.rcParams["svg.hashsalt"] = "batch-cost"
    drawn(json.loads(source.read_text(encoding="utf-8"))).savefig(target, metadata={"Date": None})
