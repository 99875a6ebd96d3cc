"""Load and call mutated executables: ``python -m tests.fuzz.executables EXECUTOR [--runs N] [--seed S]``.

The inputs run in a child process, so that one which ends its process is found and named: ``--first INDEX --runs 1``
with the same seed repeats it. Where the executor has no deadline, a guest may run for ever: each input has a process of
its own then, which is ended after a quarter of a second of processor time, and counted. Exits with code 1 if an input
ended the process, raised an error that is not documented, or did not end although the executor has a deadline.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO, Final

from arora_core import AroraError, Call, Engine, Header, Limits, ModuleDefinition
from arora_core.conformance.guests import component_guest, wasm_guest
from arora_core.executor import Capability, Executor
from arora_core.plugins import discover
from arora_core.types.defaults import default_value

ROOT: Final = Path(__file__).parents[2]
_UR5: Final = ROOT / "examples" / "ur5"

_CHANGES: Final = (1, 1, 1, 1, 2, 3, 5)
"""How many changes an input gets, each with the same chance. With many, nearly all executables are malformed."""
_MOST_BYTES: Final = 8
_PROCESSOR_SECONDS: Final = 0.25
"""Seconds of processor time that an input may take on an executor without deadlines."""
# Numeric instructions of one type each, loads and stores of i32, by the binary format of WebAssembly, section 5.4.
_ALIKE: Final = tuple(
    frozenset(opcodes)
    for opcodes in (
        range(0x46, 0x50),  # i32 comparisons
        range(0x51, 0x5B),  # i64 comparisons
        range(0x67, 0x6A),  # i32 of one operand
        range(0x6A, 0x79),  # i32 of two operands
        range(0x7C, 0x8B),  # i64 of two operands
        range(0xA0, 0xA7),  # f64 of two operands
        (0x28, 0x2C, 0x2D, 0x2E, 0x2F),
        (0x36, 0x3A, 0x3B),
    )
)
_OF_INDEX: Final = frozenset({0x0C, 0x0D, 0x20, 0x21, 0x22, 0x41})
"""Branches, accesses to locals, and i32.const: a number follows."""


@cache
def originals(kind: str) -> tuple[ModuleDefinition, ...]:
    """Return the modules of this kind that are mutated."""
    if kind == "wasm-component":
        return (component_guest().definition(),)
    ur5 = ModuleDefinition(Header.load(_UR5 / "module.yaml"), (_UR5 / "ur5.wasm").read_bytes())
    return (wasm_guest().definition(), ur5)


def mutated(seed: int, index: int, kind: str = "wasm") -> ModuleDefinition:
    """Return the ``index``-th input of a seed, an executable of this kind."""
    chance = random.Random(f"{seed}/{index}")
    original = chance.choice(originals(kind))
    data = bytearray(original.executable)
    for _ in range(chance.choice(_CHANGES)):
        _change(data, chance)
    return ModuleDefinition(original.header, bytes(data))


def _change(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data))
    end = start + chance.randint(0, _MOST_BYTES)
    kind = chance.randrange(10)
    if kind < 5:
        _change_an_instruction(data, start, chance)
    elif kind < 8:
        data[start] ^= 1 << chance.randrange(8)
    elif kind == 8:
        data[start:end] = chance.randbytes(chance.randint(0, _MOST_BYTES))
    else:
        data[start:start] = data[start:end]


def _change_an_instruction(data: bytearray, start: int, chance: random.Random) -> None:
    """Change the next byte that looks like an instruction so that the executable probably stays valid."""
    for position in range(start, len(data) - 1):
        opcode = data[position]
        if opcode in _OF_INDEX:
            # The number's low bits: its length and sign stay.
            data[position + 1] ^= chance.randrange(1, 0x40) & (0x3F if opcode == 0x41 else 0x03)
            return
        for alike in _ALIKE:
            if opcode in alike:
                data[position] = chance.choice(sorted(alike))
                return


def limits(executor: type[Executor]) -> Limits:
    """Return the limits that every input gets: those that the executor can enforce."""
    memory = 64 << 20 if Capability.MEMORY_LIMIT in executor.capabilities else None
    return Limits(memory=memory, deadline=0.1 if Capability.DEADLINE in executor.capabilities else None)


def run(engine: Engine, executor: type[Executor], definition: ModuleDefinition) -> str:
    """Load a definition, call each of its functions, and return how that ended. Raises what is not documented."""
    try:
        module = engine.load_module(definition, executor=executor.name, limits=limits(executor))
    except AroraError as error:
        return type(error).__name__
    ends = Counter(_call(engine, call) for call in _calls(engine, definition.header))
    engine.unload(module)
    return "called" if set(ends) <= {"returned"} else "failed in a call"


def _calls(engine: Engine, header: Header) -> Iterator[Call]:
    for function in header.exports:
        arguments = {each.id: default_value(each.type, engine.types) for each in function.parameters}
        yield Call(module_id=header.id, id=function.id, args=arguments)


def _call(engine: Engine, call: Call) -> str:
    try:
        engine.call(call)
    except AroraError as error:
        return type(error).__name__
    return "returned"


NEVER_ENDED: Final = "did not end"
CRASHED: Final = "ended the process"


@dataclass
class Outcome:
    """How the inputs of a run ended, and those that failed."""

    ends: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


Command = Callable[[range], Sequence[str]]
"""The command that runs inputs by index, and writes a line for each: how it ended."""


def run_in_children(command: Command, indices: range, patience: float) -> Outcome:
    """Run inputs in a child process, and in another from the next input on whenever one ends its process."""
    outcome = Outcome()
    while indices:
        indices = indices[_run_in_child(command(indices), indices, patience, outcome) :]
    return outcome


def _run_in_child(command: Sequence[str], indices: range, patience: float, outcome: Outcome) -> int:
    done = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
        assert child.stdout is not None
        for line in _lines(child, child.stdout, patience):
            outcome.ends[line.strip()] += 1
            done += 1
        code = child.wait()
    if done == len(indices) and code == 0:
        return done
    outcome.ends[NEVER_ENDED if code == -signal.SIGKILL else CRASHED] += 1
    outcome.failures.append(f"input {indices[min(done, len(indices) - 1)]}: exit code {code}")
    return done + 1


def _lines(child: subprocess.Popen[str], output: IO[str], patience: float) -> Iterator[str]:
    """Yield the lines that a child writes, and kill it when none comes in time."""
    while True:
        timer = threading.Timer(patience, child.kill)
        timer.start()
        line = output.readline()
        timer.cancel()
        if not line:
            return
        yield line


def command_for(executor: str, seed: int) -> Command:
    """Return the command that runs inputs of a seed on an executor."""
    program = (sys.executable, "-m", "tests.fuzz.executables", executor, "--child", f"--seed={seed}")
    return lambda indices: (*program, f"--first={indices.start}", f"--runs={len(indices)}")


def _run_here(executor: type[Executor], seed: int, indices: range) -> None:
    logging.disable(logging.CRITICAL)  # What the guests print.
    kind = "wasm" if "wasm" in executor.serves else "wasm-component"
    if Capability.DEADLINE not in executor.capabilities:
        for index in indices:
            run_in_copy(executor, mutated(seed, index, kind))
        return
    # One engine for all: an input must not harm the next one. It also starts a browser once only.
    with Engine() as engine:
        for index in indices:
            print(run(engine, executor, mutated(seed, index, kind)), flush=True)


def run_in_copy(executor: type[Executor], definition: ModuleDefinition) -> None:
    """Run an input in a copy of this process, which has neither to start Python nor to import anything."""
    copy = os.fork()
    if not copy:
        signal.setitimer(signal.ITIMER_VIRTUAL, _PROCESSOR_SECONDS)
        with Engine() as engine:
            print(run(engine, executor, definition), flush=True)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1])
    if code == -signal.SIGVTALRM:
        print(NEVER_ENDED, flush=True)
    elif code < 0:
        os.kill(os.getpid(), -code)
    elif code:
        sys.exit(code)


def main() -> int:
    """Run the inputs of the command line; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("executor")
    parser.add_argument("--runs", type=int, default=1000, help="the number of inputs (default 1000)")
    parser.add_argument("--first", type=int, default=0, help="the index of the first input (default 0)")
    parser.add_argument("--seed", type=int, default=1, help="the seed of the mutations (default 1)")
    parser.add_argument("--patience", type=float, default=20, help="seconds that an input may take (default 20)")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    indices = range(chosen.first, chosen.first + chosen.runs)
    executor = discover().executor(chosen.executor)
    if chosen.child:
        _run_here(executor, chosen.seed, indices)
        return 0
    outcome = run_in_children(command_for(chosen.executor, chosen.seed), indices, chosen.patience)
    for end, number in outcome.ends.most_common():
        print(f"{number:8} {end}")
    print(*outcome.failures, sep="\n")
    endless = Capability.DEADLINE in executor.capabilities and outcome.ends[NEVER_ENDED]
    return int(bool(endless or outcome.ends[CRASHED]))


if __name__ == "__main__":
    sys.exit(main())
