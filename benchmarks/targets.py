"""What must be reached, in any one run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from benchmarks.measure import Result


@dataclass(frozen=True)
class Target:
    """``ours`` has to be ``at_least`` times as fast as ``peer``, both by their names in ``group``."""

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
    # What wasmtime-py calls back is a callable. A function of a host module is more: it is found by two ids, and takes
    # typed arguments out of a buffer.
    Target("callback vs wasmtime-py's", "callback", "callable, wasmtime", "wasmtime-py", 4),
    Target("native typed call vs wasmtime's", "typed", "typed, native", "typed, wasmtime", 1),
    # An echo carries its payload twice, as memcpy has to here. Beside one memcpy it cannot come to a third: into the
    # guest, within the guest and out of it are three copies already.
    Target(
        "8 MB f64[] echo vs memcpy there and back",
        "bulk",
        "f64[] array.array, wasmtime",
        "memcpy there and back",
        1 / 3,
    ),
    Target("generic Call vs the typed call", "generic", "Call, wasmtime", "typed, wasmtime", 1 / 6),
    Target("the same, the Call made each time", "generic", "Call made each time, wasmtime", "typed, wasmtime", 1 / 6),
)


@dataclass(frozen=True)
class Verdict:
    """``measured`` is the median over the rounds, ``of_best`` the ratio of the best samples of either side: far apart,
    they tell of a machine too busy to measure on. None where this run had not both sides of the target."""

    target: Target
    measured: float | None = None
    of_best: float | None = None

    @property
    def reached(self) -> bool | None:
        """Whether it was reached; None where nobody knows."""
        return None if self.measured is None else self.measured >= self.target.at_least


def verdicts(results: Mapping[str, Result]) -> list[Verdict]:
    """A verdict on every target whose group was measured, from results by group."""
    return [_verdict(each, results[each.group]) for each in TARGETS if each.group in results]


def _verdict(target: Target, result: Result) -> Verdict:
    ours, peer = result.rows.get(target.ours), result.rows.get(target.peer)
    if ours is None or peer is None:
        return Verdict(target)
    return Verdict(target, ours.times_faster_than(peer).median, peer.seconds.best / ours.seconds.best)
