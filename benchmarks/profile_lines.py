"""Where the time of a call goes, by line: ``python benchmarks/profile_lines.py [GROUP [CONTENDER]]``.

py-spy stops the process a thousand times a second, at whatever instruction it has come to, and reads from outside
which line that belongs to. What runs is not instrumented. Tracing profilers, line_profiler among them, add to every
line more than such lines take; and a sampler inside the process (``signal.setitimer``) is heard only where
the interpreter looks for signals, so that lines without a call have their time put down to others.

A line's time includes that of the C code it calls, not that of the Python it calls. It is its share of the samples
times what the operation took, measured while nobody was looking.
"""

from __future__ import annotations

import argparse
import linecache
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter
from typing import Final

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.measure import Contender, Group, Summary, calibrated
from benchmarks.report import duration
from benchmarks.run import GROUPS
from benchmarks.workbench import Workbench, usable_executors

RATE: Final = 1000
"""Samples a second."""

_FRAME: Final = re.compile(r"(?P<function>.*) \((?P<file>.*):(?P<line>\d+)\)$")
_LOOP: Final = "<timeit-src>"

Line = tuple[str, int]
"""A file and a line of it."""


def find(group: str, contender: str | None, stack: ExitStack) -> Contender:
    """A contender of a group, the first unless named. Raises LookupError with the names there are."""
    made = GROUPS[group](Workbench(usable_executors([]), False, stack))
    groups: Iterable[Group] = [made] if isinstance(made, Group) else made
    found = {f"{each.name}/{one.name}": one for each in groups for one in each.contenders}
    # The group's name may be left out; where two groups have a contender of that name, the first is meant.
    short = {name.partition("/")[2]: one for name, one in reversed(found.items())}
    if contender is None:
        return next(iter(found.values()))
    if contender not in found and contender not in short:
        raise LookupError(f"no contender {contender!r} in {group}; there are: {'; '.join(found)}")
    return found.get(contender) or short[contender]


def run(group: str, contender: str | None, seconds: float) -> None:
    """What the watched process does."""
    with ExitStack() as stack:
        found = find(group, contender, stack)
        loops = calibrated(found.sample, 0.02)
        end = perf_counter() + seconds
        while perf_counter() < end:
            found.sample(loops)


def watch(group: str, contender: str | None, seconds: float) -> Counter[Line]:
    """How often a process that runs nothing but this contender was seen at each line."""
    asked = [group, *([contender] if contender else []), "--seconds", str(seconds), "--watched"]
    with tempfile.TemporaryDirectory(prefix="arora-profile-") as scratch:
        output = Path(scratch) / "samples"
        spy = ["record", "--rate", str(RATE), "--format", "raw", "--full-filenames", "--output", str(output)]
        command = [str(Path(sys.executable).with_name("py-spy")), *spy, "--", sys.executable, __file__, *asked]
        try:
            done = subprocess.run(command, capture_output=True, text=True)
        except FileNotFoundError:
            sys.exit("py-spy is missing: pip install -r benchmarks/requirements.txt")
        if done.returncode or not output.is_file():
            sys.exit(f"{' '.join(command)} failed ({done.returncode}):\n{done.stdout}{done.stderr}")
        return counted(output.read_text(encoding="utf-8"))


def time_of(group: str, contender: str | None) -> tuple[Contender, float]:
    """The contender, and the seconds of its operation. Leaves the source of compiled codecs in ``linecache``."""
    with ExitStack() as stack:
        found = find(group, contender, stack)
        loops = calibrated(found.sample, 0.02)
        return found, Summary.of([found.sample(loops) / loops / found.operations for _ in range(25)]).median


def counted(samples: str) -> Counter[Line]:
    """How often each line was the innermost, of samples below the loop that repeats the operation."""
    counts: Counter[Line] = Counter()
    for sample in samples.splitlines():
        stack, _, count = sample.rpartition(" ")
        if _LOOP not in stack:
            continue
        innermost = _FRAME.match(stack.rpartition(";")[2])
        if innermost:
            counts[innermost["file"], int(innermost["line"])] += int(count)
    return counts


def table(contender: Contender, seconds: float, counts: Counter[Line], top: int) -> str:
    """A line a line, the longest first: its share, its time in one operation, and what stands there."""
    total = counts.total()
    lines = [f"{contender.name}: {contender.what}, {duration(seconds)} an operation, {total} samples"]
    for (file, number), count in counts.most_common(top):
        share = count / total
        where = "(the loop around it)" if file == _LOOP else f"{_short(file)}:{number}"
        text = linecache.getline(file, number).strip()
        lines.append(f"{share:6.1%}  {duration(share * seconds):>7}  {where:<34}  {text}".rstrip())
    shown = sum(count for _, count in counts.most_common(top)) / total
    return "\n".join([*lines, f"{shown:6.1%}  shown"])


def _short(file: str) -> str:
    return file if file.startswith("<") else "/".join(Path(file).parts[-2:])


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(prog="benchmarks/profile_lines.py", description="A profile of one call by line.")
    parser.add_argument("group", nargs="?", default="typed", choices=GROUPS, metavar="GROUP", help=", ".join(GROUPS))
    parser.add_argument("contender", nargs="?", help="which one of the group, by its name in the table (the first)")
    parser.add_argument("--seconds", type=float, default=10, help="for how long (default: 10)")
    parser.add_argument("--top", type=int, default=40, help="how many lines to show (default: 40)")
    parser.add_argument("--watched", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.watched:
        run(chosen.group, chosen.contender, chosen.seconds)
        return
    try:
        found, seconds = time_of(chosen.group, chosen.contender)
    except LookupError as error:
        parser.error(error.args[0])
    print(table(found, seconds, watch(chosen.group, chosen.contender, chosen.seconds), chosen.top))


if __name__ == "__main__":
    main()
