"""Call, load or fail many times, and check that the process stays flat: ``python -m tests.soak calls wasmtime``.

Prints the resident memory, mappings, descriptors and threads of the process at ten moments. Exits with code 1 if they
grew from the second moment on; up to there, caches and the allocators of Python and C fill. Linux only.

``failures`` makes that many failures of each kind, and prints the last moment of each. It also exits with code 1 if the
guest answers wrongly afterwards, or if its blocks or its stack are not where they were.
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import astuple, dataclass, fields
from itertools import count
from pathlib import Path
from typing import Final

from arora_core import ArgumentError, Engine, GuestError, LoadedModule, ModuleDefinition
from arora_core.conformance.guests import Guest, guest_for
from arora_core.executor import Executor
from arora_core.plugins import discover
from tests.failing import Failure, failing, known_failures

MOMENTS: Final = 10
GROWTH: Final = {"memory": 2 << 20, "mappings": 8, "descriptors": 0, "threads": 0}
"""The growth that is still flat: fragments of the allocators' free memory."""


@dataclass(frozen=True)
class Usage:
    """What the process holds: bytes of resident memory, and numbers of the rest."""

    memory: int
    mappings: int
    descriptors: int
    threads: int

    def __str__(self) -> str:
        return f"{self.memory / (1 << 20):8.1f} MiB {self.mappings:10} {self.descriptors:13} {self.threads:9}"


def usage() -> Usage:
    """Return what this process holds now, without garbage."""
    gc.collect()
    process = Path("/proc/self")
    resident_pages = int((process / "statm").read_text().split()[1])
    return Usage(
        memory=resident_pages * os.sysconf("SC_PAGE_SIZE"),
        mappings=(process / "maps").read_text().count("\n"),
        descriptors=len(os.listdir(process / "fd")),
        threads=len(os.listdir(process / "task")),
    )


def grown(before: Usage, after: Usage) -> list[str]:
    """Return what grew, in words."""
    pairs = zip(fields(Usage), astuple(before), astuple(after), strict=True)
    return [f"{each.name} grew from {old} to {new}" for each, old, new in pairs if new - old > GROWTH[each.name]]


def calls(executor: type[Executor]) -> Iterator[None]:
    """Make one more call at each step: of numbers, text, bytes and another module, and such that fail."""
    guest = guest_for(executor)
    with Engine(prefer=[executor.name]) as engine:
        module, other = (engine.load_module(guest.definition(number), executor=executor.name) for number in (0, 1))
        for number in count():
            _CALLS[number % len(_CALLS)](module, other, number)
            yield


def _fail(module: LoadedModule, other: LoadedModule, number: int) -> None:
    with suppress(GuestError):
        module.fail(f"failure {number}")


def _misspell(module: LoadedModule, other: LoadedModule, number: int) -> None:
    with suppress(ArgumentError):
        module.add("one", number)


_CALLS: Final[tuple[Callable[[LoadedModule, LoadedModule, int], object], ...]] = (
    lambda module, other, number: module.add(number, 1),
    lambda module, other, number: module.echo_str("x" * (number % 1000)),
    lambda module, other, number: module.checksum(bytes(number % 5000)),
    lambda module, other, number: module.descend(other.id, 3),
    _fail,
    _misspell,
)


def loads(executor: type[Executor]) -> Iterator[None]:
    """Load, call and unload a module at each step. Every tenth is a new executable, every hundredth in a new engine."""
    guest = guest_for(executor)
    loaded = count()
    while True:
        with Engine(prefer=[executor.name]) as engine:
            for number in (next(loaded) for _ in range(100)):
                module = engine.load_module(_definition(guest, number // 10), executor=executor.name)
                module.add(number, 1)
                engine.unload(module)
                yield


def _definition(guest: Guest, version: int) -> ModuleDefinition:
    """Return the guest with other bytes for each version: behind a shared library nothing reads, in wasm a section."""
    name_and_version = b"\x04soak" + version.to_bytes(4, "little")
    section = bytes([0, len(name_and_version)]) + name_and_version
    return ModuleDefinition(guest.header(), guest.executable + section)


KINDS: Final = {"calls": calls, "loads": loads}
FAILURES: Final = "failures"


def run(steps: Iterator[None], number: int) -> list[Usage]:
    """Make a number of steps; return the usage at ten moments."""
    moments = []
    for _ in range(MOMENTS):
        for _ in range(number // MOMENTS):
            next(steps)
        moments.append(usage())
    return moments


def failures(executor: type[Executor], failure: Failure, number: int) -> tuple[list[Usage], list[str]]:
    """Fail that many times in one way; return the usage at ten moments, and what is not as before in the guest."""
    with failing(executor, failure) as guest:

        def steps() -> Iterator[None]:
            while True:
                guest.fail()
                yield

        return run(steps(), number), guest.differences()


def report(title: str, rows: Mapping[str, Usage], complaints: list[str]) -> bool:
    """Print usages by the words that say when they were measured, and what is wrong; return whether all is well."""
    if title:
        print(f"{title:27} {'memory':>12} {'mappings':>10} {'descriptors':>13} {'threads':>9}")
    for when, row in rows.items():
        print(f"{when:>27} {row}")
    print(*complaints, sep="\n", end="\n" if complaints else "", flush=True)
    return not complaints


def main() -> int:
    """Run the work of the command line; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=[*KINDS, FAILURES])
    parser.add_argument("executor")
    parser.add_argument("--number", type=int, default=10_000, help="how many times (default 10000)")
    chosen = parser.parse_args()
    logging.disable(logging.CRITICAL)
    executor, number = discover().executor(chosen.executor), chosen.number
    if chosen.kind != FAILURES:
        moments = run(KINDS[chosen.kind](executor), number)
        rows = {str(index * (number // MOMENTS)): moment for index, moment in enumerate(moments, 1)}
        return int(not report(chosen.kind, rows, grown(moments[1], moments[-1])))
    well = report(f"{number} of each failure", {}, [])
    for name, failure in known_failures(executor).items():
        moments, wrong = failures(executor, failure, number)
        well &= report("", {name: moments[-1]}, [*grown(moments[1], moments[-1]), *wrong])
    return int(not well)


if __name__ == "__main__":
    sys.exit(main())
