"""The law of generators: a generated guest gives back the bytes that it was given.

``python -m tests.authoring.law LANGUAGE [--headers N] [--first SEED] [--target wasm|native]`` makes random headers,
builds a guest of each whose functions answer with their first argument, and calls them with random values. It prints
the seed of the first header that fails, and exits with code 1. The suite runs a short form.

A language takes part by a file ``echo_LANGUAGE.py`` here, with the two functions of :class:`Echo`.
"""

from __future__ import annotations

import argparse
import importlib
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol, cast
from uuid import UUID

from arora_core import Header, Limits, MalformedBuffer, ModuleDefinition, buffers
from arora_core import values as v
from arora_core.executor import Executor, Instance
from arora_core.generator import BUILT_IN
from arora_core.header import ExecutorRequirement, ExportedFunction, ImportedFunction
from arora_core.plugins import discover

from .random_modules import random_arguments, random_header

HERE: Final = Path(__file__).parent
LANGUAGES: Final = tuple(each for each in BUILT_IN if (HERE / f"echo_{each}.py").exists())
TARGETS: Final = ("wasm", "native")
_EXECUTORS: Final = {"wasm": "wasmtime", "native": "native"}
CALLS: Final = 10
"""Calls of each function."""


class Echo(Protocol):
    """How a language takes part: a file ``echo_LANGUAGE.py`` with these functions.

    Export ``i`` of the header relays its arguments to import ``i``, if there is one, and gives back what that answers,
    mutated parameters included. Every other export answers with its first argument, with unit if it takes none, and
    leaves mutable parameters as they are.
    """

    def unavailable(self, target: str) -> str | None:
        """Return why no guest can be built here for ``wasm`` or ``native``, None when it can."""

    def build(self, header: Header, directory: Path, target: str) -> Path:
        """Write such a guest's sources into an empty directory, build it, and return the executable's path."""


def echo(language: str) -> Echo:
    """Return how a language takes part."""
    return cast(Echo, importlib.import_module(f".echo_{language}", __package__))


@dataclass
class EchoingHost:
    """A host whose only module answers with the first argument, as the guests do."""

    header: Header

    def dispatch(self, module_id: bytes, function_id: bytes, argument: bytes) -> bytes:
        function = next(each for each in self.header.imports if each.id.bytes == function_id)
        assert function.module.bytes == module_id
        given = buffers.decode(argument)
        assert isinstance(given, v.Structure)
        assert given.id == function.id
        return buffers.encode(answer(function, [(each.id, each.value) for each in given.fields]))

    def dispatch_indirect(self, callable_id: int) -> bytes:
        raise AssertionError("no guest has a callable")

    def write_output(self, fd: int, data: bytes) -> None:
        sys.stderr.buffer.write(data)


def answer(function: ExportedFunction | ImportedFunction, arguments: list[tuple[UUID, v.Value]]) -> v.Structure:
    """Return the result of a function that answers with its first argument."""
    given = dict(arguments)
    ret = arguments[0][1] if arguments else v.Unit()
    mutated = [(each.id, given[each.id]) for each in function.parameters if each.mutable]
    return v.Structure(function.id, [(function.id, ret), *mutated])


def check(language: str, target: str, header: Header, chance: random.Random, calls: int = CALLS) -> int:
    """Build a guest of the header and call each function; return the number of calls. Raises AssertionError."""
    header = replace(header, executor=ExecutorRequirement(target))
    with tempfile.TemporaryDirectory(prefix="arora-law-") as directory:
        executable = echo(language).build(header, Path(directory), target)
        definition = ModuleDefinition(header, executable.read_bytes(), executable)
        with closing(_executor(target)) as executor:
            with closing(executor.load(definition, EchoingHost(header), Limits())) as instance:
                return sum(_agrees(instance, header, function, chance, calls) for function in header.exports)


def _agrees(instance: Instance, header: Header, function: ExportedFunction, chance: random.Random, calls: int) -> int:
    for _ in range(calls):
        arguments = random_arguments(chance, function, header.types)
        sent = buffers.encode(v.Structure(function.id, arguments))
        expected = buffers.encode(answer(function, arguments))
        got = instance.dispatch(function.id.bytes, sent)
        assert got == expected, (
            f"{function.name!r} was given {arguments} and answered {_readable(got)}, not {_readable(expected)}"
        )
    return calls


def _readable(buffer: bytes) -> object:
    try:
        return buffers.decode(buffer)
    except MalformedBuffer as error:
        return f"{buffer!r} ({error})"


def _executor(target: str) -> Executor:
    return discover().executor(_EXECUTORS[target])()


def seeds(first: int, count: int) -> Iterator[tuple[int, Header]]:
    """Yield seeds, each with its header."""
    for seed in range(first, first + count):
        yield seed, random_header(random.Random(seed))


def main() -> int:
    """Run the command line and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("language", choices=LANGUAGES)
    parser.add_argument("--headers", type=int, default=100, help="how many headers (default 100)")
    parser.add_argument("--first", type=int, default=0, help="the seed of the first header (default 0)")
    parser.add_argument("--target", choices=TARGETS, action="append", help="what to build (default: both)")
    chosen = parser.parse_args()
    started, calls = time.monotonic(), 0
    for seed, header in seeds(chosen.first, chosen.headers):
        for target in chosen.target or TARGETS:
            try:
                calls += check(chosen.language, target, header, random.Random(seed))
            except BaseException:
                print(f"header {seed} fails: repeat it with --first {seed} --headers 1 --target {target}", flush=True)
                raise
        if (seed - chosen.first) % 100 == 99:
            print(f"{seed - chosen.first + 1} headers, {calls} calls, {time.monotonic() - started:.0f} s", flush=True)
    print(f"{chosen.headers} headers, {calls} calls, {time.monotonic() - started:.0f} s: every answer as it was given")
    return 0


if __name__ == "__main__":
    sys.exit(main())
