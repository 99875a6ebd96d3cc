"""Timing what stands side by side: rounds that go through all of it, so that drift hits everything alike.

A sample is so many runs of one statement that it lasts ``least`` seconds, timed with ``timeit``. A round takes one
sample of every contender, in turn and back again in the next round. A ratio is made within each round, of two
samples taken shortly after one another, and the median over the rounds is what is reported: on a machine that
is busy now and then both samples suffer, or the round is one of the few that the median ignores.

The garbage collector runs while samples are taken, as it does in programs; what was there before is frozen, so that
everybody pays for the garbage he makes and for nothing else.

pyperf measures one benchmark after another, each in processes of its own: good for one figure over the years,
while here the peers have to share a process and a minute.
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
"""The answer of a statement that has nothing to be compared with."""

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Contender:
    """Something to time: ``sample`` runs it so many times and returns the seconds it took.

    ``operations`` is how many operations one run is, ``what`` says it in source.
    """

    name: str
    sample: Callable[[int], float]
    what: str
    operations: int = 1


def statement(
    name: str, source: str, names: Mapping[str, object], *, answer: object = UNCHECKED, operations: int = 1
) -> Contender:
    """A statement of Python to time; it is run once, and has to give ``answer``, before anything is timed.

    ``names`` is what it refers to. Raises AssertionError for another answer: wrong results are no benchmark.
    """
    scope = dict(names)
    if answer is UNCHECKED:
        exec(source, scope)
    elif (given := eval(source, scope)) != answer:
        raise AssertionError(f"{name}: {source} gave {given!r:.200}, expected {answer!r:.200}")
    # timeit turns the garbage collector off; its setup, which is not timed, turns it on again.
    return Contender(name, timeit.Timer(source, gc.enable, globals=scope).timeit, source, operations)


@dataclass
class Group:
    """Contenders that do the same. ``peers`` names those that the others are compared with.

    ``payload`` is the bytes that one operation carries, where a rate says more than a time. ``missing`` says of
    contenders that cannot be measured here why. ``calibrated`` is off where a single run is long.
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
        """One more to measure."""
        self.contenders.append(contender)

    @contextmanager
    def unless_missing(self, name: str) -> Iterator[None]:
        """What is done inside adds the contender ``name``; where its package cannot be imported it is missing."""
        try:
            yield
        except (ImportError, OSError) as error:
            self.missing[name] = f"{type(error).__name__}: {error}"


@dataclass(frozen=True)
class Summary:
    """What a row of samples comes to. ``low`` and ``high`` are the quartiles."""

    best: float
    median: float
    low: float
    high: float

    @classmethod
    def of(cls, samples: list[float]) -> Summary:
        """``samples`` must not be empty."""
        if len(samples) == 1:
            return cls(samples[0], samples[0], samples[0], samples[0])
        low, median, high = statistics.quantiles(samples, n=4, method="inclusive")
        return cls(min(samples), median, low, high)


@dataclass(frozen=True)
class Measured:
    """A contender's samples: seconds an operation, one for each round."""

    contender: Contender
    loops: int
    samples: list[float]

    @property
    def seconds(self) -> Summary:
        """Seconds an operation."""
        return Summary.of(self.samples)

    def times_faster_than(self, peer: Measured) -> Summary:
        """How many times this one could be done while ``peer`` is done once, by rounds."""
        return Summary.of([theirs / ours for ours, theirs in zip(self.samples, peer.samples, strict=True)])


@dataclass(frozen=True)
class Result:
    """A measured group, by names of contenders."""

    group: Group
    rows: dict[str, Measured]


def calibrated(sample: Callable[[int], float], least: float) -> int:
    """How many runs last at least ``least`` seconds."""
    loops = 1
    while (took := sample(loops)) < least:
        wanted = math.ceil(1.1 * loops * least / max(took, 1e-9))
        loops = min(max(wanted, loops + 1), 10 * loops)
    return loops


def measure(group: Group, *, rounds: int, least: float, progress: Progress) -> Result:
    """Times a group's contenders, ``rounds`` samples of at least ``least`` seconds each."""
    contenders = group.contenders
    gc.collect()
    gc.freeze()
    try:
        progress(f"{group.name}: calibrating")
        loops = [calibrated(each.sample, least) if group.calibrated else 1 for each in contenders]
        samples: list[list[float]] = [[] for _ in contenders]
        for number in range(rounds):
            progress(f"{group.name}: round {number + 1} of {rounds}")
            there = range(len(contenders))
            for index in there if number % 2 == 0 else reversed(there):
                contender = contenders[index]
                took = contender.sample(loops[index])
                samples[index].append(took / (loops[index] * contender.operations))
    finally:
        gc.unfreeze()
    rows = zip(contenders, loops, samples, strict=True)
    return Result(group, {each.name: Measured(each, count, taken) for each, count, taken in rows})
