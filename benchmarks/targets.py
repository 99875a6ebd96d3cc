"""The targets that every single run must reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from benchmarks.measure import Result


@dataclass(frozen=True)
class Target:
    """``ours`` must be ``at_least`` times as fast as ``peer``. Both are names of contenders in ``group``."""

    what: str
    group: str
    ours: str
    peer: str
    at_least: float
    aim: float | None = None


TARGETS: Final = (
    Target("typed call vs bare wasmtime-py", "typed", "typed, wasmtime", "wasmtime-py", 8, 12),
    Target("typed call vs the plain protocol", "typed", "typed, wasmtime", "plain protocol", 25, 40),
    Target("typed call vs Extism", "typed", "typed, wasmtime", "Extism", 4, 6),
    # For callables only: wasmtime-py has no equivalent of a host module's function, which is found by two ids and takes
    # typed arguments from a buffer.
    Target("callback vs wasmtime-py's", "callback", "callable, wasmtime", "wasmtime-py", 4),
    Target("wasmer's typed call vs wasmtime's", "typed", "typed, wasmer", "typed, wasmtime", 1 / 1.15),
    Target("wasmer's callback vs wasmtime's", "callback", "callable, wasmer", "callable, wasmtime", 1 / 1.15),
    Target("native typed call vs wasmtime's", "typed", "typed, native", "typed, wasmtime", 1),
    Target("accelerated typed call vs the one in Python", "accelerated", "accelerated, wasmtime", "typed, wasmtime", 2),
    # An echo copies its payload three times: into the guest, within the guest and out of it. It cannot reach a third of
    # the rate of one memcpy, so it is compared with two.
    Target(
        "8 MB f64[] echo vs memcpy there and back",
        "bulk",
        "f64[] array.array, wasmtime",
        "memcpy there and back",
        1 / 3,
    ),
    Target(
        "8 MB echo of a component vs a core module's",
        "component-bulk",
        "u8[] bytes, wasmtime-component",
        "u8[] bytes, wasmtime",
        1 / 3,
    ),
    Target("isolated typed call vs pipes", "isolated", "typed, native-isolated", "a byte there and back", 1 / 3, 1 / 2),
    Target("isolated echo vs native's", "bulk", "u8[] bytes, native-isolated", "u8[] bytes, native", 1 / 1.5, 1),
    Target("isolated batch vs a loop of calls", "batch", "batch, native-isolated", "typed calls, native-isolated", 60),
    Target("batch vs a loop of typed calls", "batch", "batch, wasmtime", "typed calls, wasmtime", 25, 40),
    Target("native batch vs a loop of typed calls", "batch", "batch, native", "typed calls, native", 20, 30),
    Target("batch of one row vs a typed call", "batch-one", "batch, wasmtime", "typed, wasmtime", 1 / 3),
    Target("batch vs numpy.vectorize", "batch", "batch, wasmtime", "numpy.vectorize", 1),
    Target("batch of forward vs the guest alone", "batch-forward", "batch, wasmtime", "the guest alone", 0.7),
    Target("two workers vs one", "pool", "two workers, wasmtime", "one worker, wasmtime", 1.8),
    Target("batch of two workers vs one", "pool-batch", "two workers, wasmtime", "one worker, wasmtime", 1.5),
    Target("two processes of Dask vs one", "dask", "two processes, wasmtime", "one process, wasmtime", 1.6),
    # The same function under the same name: what differs is noise.
    Target("generated client vs the plain handle", "client", "client, wasmtime", "handle, wasmtime", 0.95),
    Target("generic Call vs the typed call", "generic", "Call, wasmtime", "typed, wasmtime", 1 / 6),
    Target("generic Call, created each time", "generic", "Call made each time, wasmtime", "typed, wasmtime", 1 / 6),
)


@dataclass(frozen=True)
class Verdict:
    """Whether a target was reached. ``measured`` is the median ratio over the rounds, ``of_best`` the ratio of the best
    samples of both sides. If they differ much, the machine was too busy to measure. Both are None if a side of the
    target was not measured."""

    target: Target
    measured: float | None = None
    of_best: float | None = None

    @property
    def reached(self) -> bool | None:
        """Whether the target was reached, None if it was not measured."""
        return None if self.measured is None else self.measured >= self.target.at_least


def verdicts(results: Mapping[str, Result]) -> list[Verdict]:
    """Return a verdict on every target whose group was measured. ``results`` are by group."""
    return [_verdict(each, results[each.group]) for each in TARGETS if each.group in results]


def _verdict(target: Target, result: Result) -> Verdict:
    ours, peer = result.rows.get(target.ours), result.rows.get(target.peer)
    if ours is None or peer is None:
        return Verdict(target)
    return Verdict(target, ours.times_faster_than(peer).median, peer.seconds.best / ours.seconds.best)
