"""Compare Arora with its peers: ``python benchmarks/run.py [GROUP ...]``. See ``benchmarks/README.md``."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final, TextIO

if __name__ == "__main__":
    # All groups but one measure calls as most users have them.
    os.environ["ARORA_ACCELERATOR"] = "off"
    # With this directory on the path, `benchmarks/report.py` would shadow other modules named `report`.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from arora_core.authoring.compilers import BuildError
from benchmarks import machine, report
from benchmarks.groups import (
    batch,
    batch_shapes,
    bulk,
    calls,
    clusters,
    codecs,
    components,
    crossing,
    isolated,
    pools,
    starting,
)
from benchmarks.measure import Group, Progress, Result, measure
from benchmarks.targets import verdicts
from benchmarks.workbench import NoSuchExecutor, Workbench, unusable_executors, usable_executors

GROUPS: Final[dict[str, Callable[[Workbench], Group | Iterable[Group]]]] = {
    "typed": calls.typed,
    "accelerated": calls.accelerated,
    "client": calls.client,
    "generic": calls.generic,
    "nested": crossing.nested,
    "callback": crossing.callback,
    "host-module": crossing.host_module,
    "bulk": bulk.bulk,
    "batch": batch.batch,
    "batch-shapes": batch_shapes.batch_shapes,
    "isolated": isolated.isolated,
    "components": components.components,
    "pool": pools.pools,
    "dask": clusters.dask,
    "codecs": codecs.codecs,
    "start-process": starting.process,
    "start-load": starting.load,
    "start-compile": starting.compiling,
}

ROUNDS, LEAST = 21, 0.02
QUICK_ROUNDS, QUICK_LEAST = 3, 0.0005
PROCESS_ROUNDS, QUICK_PROCESS_ROUNDS = 7, 1
"""Rounds of groups whose samples are processes: these take longer and vary less than calls."""


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="benchmarks/run.py", description="Compare the speed of Arora with its peers.")
    parser.add_argument(
        "groups", nargs="*", metavar="GROUP", help=f"groups to measure: {', '.join(GROUPS)} (default: all)"
    )
    parser.add_argument("--quick", action="store_true", help="seconds instead of minutes; the figures are rough")
    parser.add_argument("--rounds", type=int, help=f"number of samples of each row (default: {ROUNDS})")
    parser.add_argument(
        "--executor", action="append", default=[], metavar="NAME", help="measure this executor; may be repeated"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results to this file")
    parser.add_argument("--check", action="store_true", help="exit with 1 when a target is missed or not measured")
    chosen = parser.parse_args(given)
    unknown = sorted(set(chosen.groups) - set(GROUPS))
    if unknown:
        parser.error(f"unknown group {', '.join(unknown)}; groups: {', '.join(GROUPS)}")
    if chosen.rounds is not None and chosen.rounds < 1:
        parser.error("--rounds: must be at least 1")
    try:
        chosen.executors = usable_executors(chosen.executor)
    except NoSuchExecutor as error:
        parser.error(f"--executor: {error}")
    return chosen


def results(chosen: argparse.Namespace, progress: Progress) -> Iterator[Result]:
    """Measure one group after another, and close all resources of a group before the next one."""
    rounds = chosen.rounds or (QUICK_ROUNDS if chosen.quick else ROUNDS)
    least = QUICK_LEAST if chosen.quick else LEAST
    of_processes = QUICK_PROCESS_ROUNDS if chosen.quick else PROCESS_ROUNDS
    for name in chosen.groups or GROUPS:
        progress(f"{name}: preparing")
        with ExitStack() as stack:
            made = GROUPS[name](Workbench(chosen.executors, chosen.quick, stack))
            for group in [made] if isinstance(made, Group) else made:
                count = rounds if group.calibrated else min(rounds, of_processes)
                yield measure(group, rounds=count, least=least, progress=progress)


def progress_on(stream: TextIO) -> Progress:
    """Return a callable that shows progress in one line if ``stream`` is a terminal, and does nothing otherwise."""
    if not stream.isatty():
        return lambda text: None
    return lambda text: print(f"\r\033[K{text}", end="", file=stream, flush=True)


def main(given: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    chosen = arguments(given)
    progress = progress_on(sys.stderr)
    where, versions, unmeasured = machine.describe(), machine.versions(), unusable_executors()
    print(report.place(where, versions))
    print("times are per operation; vs: how many times as fast")
    if chosen.quick:
        print("quick: few and short samples, the figures are rough")
    for name, reason in unmeasured.items():
        if name not in chosen.executors:
            print(f"not measured: executor {name} ({reason})")
    measured = {}
    try:
        for result in results(chosen, progress):
            progress("")
            print(f"\n{report.table(result)}", flush=True)
            measured[result.group.name] = result
    except BuildError as error:
        print(f"benchmarks/run.py: {error}", file=sys.stderr)
        return 2
    reached = verdicts(measured)
    if reached:
        print(f"\n{report.targets(reached)}")
    if chosen.json:
        data = {
            "machine": where,
            "versions": versions,
            "executors": chosen.executors,
            "quick": chosen.quick,
            "groups": [report.as_data(each) for each in measured.values()],
            "targets": [report.verdict_as_data(each) for each in reached],
        }
        chosen.json.write_text(json.dumps(data, indent=1), encoding="utf-8")
    return 1 if chosen.check and not all(each.reached for each in reached) else 0


if __name__ == "__main__":
    sys.exit(main())
