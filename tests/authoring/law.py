"""The law of generators: a generated guest gives back the bytes that it was given, and hands on what others answer.

``python -m tests.authoring.law LANGUAGE [--headers N] [--first SEED] [--target wasm|native] [--cc COMMAND]`` makes
random headers, builds a guest of each whose functions answer with their first argument, and calls them with random
values. It prints the seed of the first header that fails, and exits with code 1. The suite runs a short form.

Compiling takes nearly all of the time, and Clang's own driver a fraction of what Zig's does: ``--cc clang`` for C,
``--cc clang++`` for C++, both with ``wasm-ld``. The last line says how much processor time went by.

A language takes part by an :class:`Echo` in ``ECHOES``.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol
from uuid import UUID

from arora_core import Header, Limits, MalformedBuffer, ModuleDefinition, buffers
from arora_core import values as v
from arora_core.executor import Executor, Instance
from arora_core.header import ExecutorRequirement, ExportedFunction, ImportedFunction
from arora_core.plugins import discover
from arora_core.types import TypeRef

from . import echo_rust
from .echo_c_family import CFamily
from .random_modules import random_arguments, random_header, random_value

TARGETS: Final = ("wasm", "native")
_EXECUTORS: Final = {"wasm": "wasmtime", "native": "native"}
CALLS: Final = 10
"""Calls of each function."""


class Echo(Protocol):
    """How a language takes part: guests that answer in a known way.

    Export ``i`` of the header relays its arguments to import ``i``, if there is one, and gives back what that answers,
    mutated parameters included; the host answers with values of its own. Every other export answers with its first
    argument, with unit if it takes none, and leaves mutable parameters as they are.
    """

    @property
    def together(self) -> int:
        """How many headers one executable can serve. Compiling what they have in common once takes less time."""

    def unavailable(self, target: str) -> str | None:
        """Return why no guest can be built here for ``wasm`` or ``native``, None when it can."""

    def build(self, headers: Sequence[Header], directory: Path, target: str, compiler: str | None = None) -> Path:
        """Write the sources of such guests into an empty directory, build one executable, and return its path.

        ``compiler`` is a command in place of the first compiler found, for languages that have several.
        """


ECHOES: Final[Mapping[str, Echo]] = {"c": CFamily("c"), "cpp": CFamily("cpp"), "rust": echo_rust}
LANGUAGES: Final = tuple(ECHOES)


@dataclass
class AnsweringHost:
    """What answers the calls of a guest, with random values. It keeps what it was given, and what it answered."""

    header: Header
    chance: random.Random
    given: v.Value | None = None
    answered: v.Structure | None = None

    def dispatch(self, module_id: bytes, function_id: bytes, argument: bytes) -> bytes:
        function = next(each for each in self.header.imports if each.id.bytes == function_id)
        assert function.module.bytes == module_id
        self.given = buffers.decode(argument)
        others = [(each.id, self._value(each.type)) for each in function.parameters if each.mutable]
        self.answered = v.Structure(function.id, [(function.id, self._value(function.ret)), *others])
        return buffers.encode(self.answered)

    def expected(
        self, function: ExportedFunction, relayed_to: ImportedFunction | None, arguments: list[tuple[UUID, v.Value]]
    ) -> v.Structure:
        """Return what a function has to answer that was called with these arguments."""
        if relayed_to is None:
            return answer(function, arguments)
        assert self.given == v.Structure(relayed_to.id, arguments)
        assert self.answered is not None
        ret, *mutated = self.answered.fields
        return v.Structure(function.id, [(function.id, ret.value), *mutated])

    def _value(self, type: TypeRef) -> v.Value:
        return random_value(self.chance, type, self.header.types)


def answer(function: ExportedFunction | ImportedFunction, arguments: list[tuple[UUID, v.Value]]) -> v.Structure:
    """Return the result of a function that answers with its first argument."""
    given = dict(arguments)
    ret = arguments[0][1] if arguments else v.Unit()
    mutated = [(each.id, given[each.id]) for each in function.parameters if each.mutable]
    return v.Structure(function.id, [(function.id, ret), *mutated])


@dataclass
class AnsweringHosts:
    """The hosts of guests that are one executable."""

    hosts: Sequence[AnsweringHost]

    def dispatch(self, module_id: bytes, function_id: bytes, argument: bytes) -> bytes:
        (host,) = (one for one in self.hosts if any(each.id.bytes == function_id for each in one.header.imports))
        return host.dispatch(module_id, function_id, argument)

    def dispatch_indirect(self, callable_id: int) -> bytes:
        raise AssertionError("no guest has a callable")

    def write_output(self, fd: int, data: bytes) -> None:
        sys.stderr.buffer.write(data)


def check(
    language: str,
    target: str,
    guests: Sequence[tuple[int, Header]],
    calls: int = CALLS,
    compiler: str | None = None,
) -> int:
    """Build one executable of guests of these headers, each with the seed of its arguments, and call each function.

    Returns the number of calls. Raises AssertionError.
    """
    headers = [for_target(header, target) for _, header in guests]
    hosts = [AnsweringHost(header, random.Random(seed)) for (seed, _), header in zip(guests, headers, strict=True)]
    with tempfile.TemporaryDirectory(prefix="arora-law-") as directory:
        executable = ECHOES[language].build(headers, Path(directory), target, compiler)
        definition = ModuleDefinition(_joined(headers), executable.read_bytes(), executable)
        with closing(_executor(target)) as executor:
            with closing(executor.load(definition, AnsweringHosts(hosts), Limits())) as instance:
                return sum(
                    _agrees(instance, host, index, calls) for host in hosts for index in range(len(host.header.exports))
                )


def _joined(headers: Sequence[Header]) -> Header:
    """Return the header of an executable that serves these headers."""
    exports = tuple(each for header in headers for each in header.exports)
    imports = tuple(each for header in headers for each in header.imports)
    return replace(headers[0], exports=exports, imports=imports)


def for_target(header: Header, target: str) -> Header:
    """Return a header whose executor runs what is built for ``wasm`` or ``native``."""
    return replace(header, executor=ExecutorRequirement(target))


def _agrees(instance: Instance, host: AnsweringHost, index: int, calls: int) -> int:
    function = host.header.exports[index]
    relayed_to = host.header.imports[index] if index < len(host.header.imports) else None
    for _ in range(calls):
        arguments = random_arguments(host.chance, function, host.header.types)
        got = instance.dispatch(function.id.bytes, buffers.encode(v.Structure(function.id, arguments)))
        expected = buffers.encode(host.expected(function, relayed_to, arguments))
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
    parser.add_argument("--cc", metavar="COMMAND", help="a compiler of C or C++ (default: the first that is found)")
    chosen = parser.parse_args()
    together = ECHOES[chosen.language].together
    done = calls = 0
    for first in range(chosen.first, chosen.first + chosen.headers, together):
        guests = list(seeds(first, min(together, chosen.first + chosen.headers - first)))
        for target in chosen.target or TARGETS:
            calls += _checked(chosen.language, target, guests, chosen.cc)
        if (done + len(guests)) // 100 > done // 100:
            print(_progress(done + len(guests), calls), flush=True)
        done += len(guests)
    print(f"{_progress(done, calls)}: every answer as it was given")
    return 0


def _checked(language: str, target: str, guests: Sequence[tuple[int, Header]], compiler: str | None) -> int:
    """Check guests; of several that fail, check each by itself. Print how to repeat a failure, and raise it."""
    try:
        return check(language, target, guests, compiler=compiler)
    except BaseException:
        if len(guests) > 1:
            for each in guests:
                _checked(language, target, [each], compiler)
        first = f"--first {guests[0][0]} --headers {len(guests)}"
        print(f"header {guests[0][0]} fails: repeat it with {first} --target {target}", flush=True)
        raise


def _progress(headers: int, calls: int) -> str:
    spent = sum(os.times()[:4])
    return f"{headers} headers, {calls} calls, {spent / 60:.1f} processor minutes"


if __name__ == "__main__":
    sys.exit(main())
