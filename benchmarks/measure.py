"""Time contenders in rounds, so that changes in the speed of the machine affect all of them.

A sample is a series of runs of one statement that lasts at least ``least`` seconds, timed with ``timeit``. A round
takes one sample of every contender, and the next round goes in the opposite order. A ratio is computed within each
round, from samples taken shortly after one another, and the median over the rounds is reported: if the machine is busy
for a while, it slows both samples, or only rounds that the median ignores.

The garbage collector runs during samples, as it does in programs. Objects that existed before are frozen, so that each
contender pays only for the garbage it creates.

pyperf measures one benchmark after another, each in separate processes. That suits one figure over years; here the
peers have to share a process and a minute.
"""

from __future__ import annotations

import gc
import math
import statistics
import timeit
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

UNCHECKED: Final = object()
"""The ``expected`` of a statement whose result is not checked."""

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Contender:
    """Something to time. ``sample`` runs it the given number of times and returns the seconds that took.

    ``what`` is its source, ``operations`` the number of operations in one run.
    """

    name: str
    sample: Callable[[int], float]
    what: str
    operations: int = 1


def statement(
    name: str, source: str, names: Mapping[str, object], *, expected: object = UNCHECKED, operations: int = 1
) -> Contender:
    """Return a contender that runs a Python statement. ``names`` are the variables it refers to.

    Runs the statement once. Raises AssertionError if the result is not ``expected``: a wrong result must not be timed.
    """
    scope = dict(names)
    if expected is UNCHECKED:
        exec(source, scope)
    elif (result := eval(source, scope)) != expected:
        raise AssertionError(f"{name}: {source} returned {result!r:.200}, expected {expected!r:.200}")
    # timeit disables the garbage collector; the setup, which is not timed, enables it again.
    return Contender(name, timeit.Timer(source, gc.enable, globals=scope).timeit, source, operations)


@dataclass
class Group:
    """Contenders that do the same. ``peers`` are the names of those that all are compared with.

    ``payload`` is the number of bytes that one operation transfers, 0 to report no rate. ``missing`` gives, by name,
    the reasons why contenders cannot be measured here. ``calibrated`` is false if a sample is a single run.
    """

    name: str
    title: str
    peers: tuple[str, ...]
    payload: int = 0
    calibrated: bool = True
    contenders: list[Contender] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, contender: Contender) -> None:
        """Add a contender."""
        self.contenders.append(contender)

    @contextmanager
    def unless_missing(self, name: str) -> Iterator[None]:
        """Record the contender ``name`` as missing if the body raises ImportError or OSError."""
        try:
            yield
        except (ImportError, OSError) as error:
            self.missing[name] = f"{type(error).__name__}: {error}"


@dataclass(frozen=True)
class Summary:
    """Statistics of samples. ``low`` and ``high`` are the quartiles."""

    best: float
    median: float
    low: float
    high: float

    @classmethod
    def of(cls, samples: list[float]) -> Summary:
        """Compute the statistics of ``samples``, which must not be empty."""
        if len(samples) == 1:
            return cls(samples[0], samples[0], samples[0], samples[0])
        low, median, high = statistics.quantiles(samples, n=4, method="inclusive")
        return cls(min(samples), median, low, high)


@dataclass(frozen=True)
class Measured:
    """The samples of a contender: seconds per operation, one for each round. Each sample is ``loops`` runs."""

    contender: Contender
    loops: int
    samples: list[float]

    @property
    def seconds(self) -> Summary:
        """Seconds per operation."""
        return Summary.of(self.samples)

    def times_faster_than(self, peer: Measured) -> Summary:
        """Return the ratio of the peer's time to this one, over the rounds."""
        return Summary.of([theirs / ours for ours, theirs in zip(self.samples, peer.samples, strict=True)])


@dataclass(frozen=True)
class Result:
    """A measured group. ``rows`` are by the name of the contender."""

    group: Group
    rows: dict[str, Measured]


def calibrated(sample: Callable[[int], float], least: float) -> int:
    """Return a number of runs that lasts at least ``least`` seconds."""
    loops = 1
    while (took := sample(loops)) < least:
        wanted = math.ceil(1.1 * loops * least / max(took, 1e-9))
        loops = min(max(wanted, loops + 1), 10 * loops)
    return loops


def measure(group: Group, *, rounds: int, least: float, progress: Progress) -> Result:
    """Time the contenders of a group: ``rounds`` samples of at least ``least`` seconds each."""
    contenders = group.contenders
    gc.collect()
    gc.freeze()
    try:
        progress(f"{group.name}: calibrating")
        loops = [calibrated(each.sample, least) if group.calibrated else 1 for each in contenders]
        samples: list[list[float]] = [[] for _ in contenders]
        for number in range(rounds):
            progress(f"{group.name}: round {number + 1} of {rounds}")
            forward = range(len(contenders))
            for index in forward if number % 2 == 0 else reversed(forward):
                contender = contenders[index]
                took = contender.sample(loops[index])
                samples[index].append(took / (loops[index] * contender.operations))
    finally:
        gc.unfreeze()
    rows = zip(contenders, loops, samples, strict=True)
    return Result(group, {each.name: Measured(each, count, taken) for each, count, taken in rows})
