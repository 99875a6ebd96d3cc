"""Profile one call by line: ``python benchmarks/profile_lines.py [GROUP [CONTENDER]]``.

py-spy pauses the process a thousand times a second and reads the current line from outside; the code is not
instrumented. Tracing profilers such as line_profiler add more time to every line than these lines take. A sampler
inside the process (``signal.setitimer``) runs only where the interpreter handles signals, and attributes the time of
lines without a call to others.

The time of a line includes that of the C code it calls, not that of the Python code it calls. It is the line's share of
the samples times the time of the operation, which is measured without the profiler.
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
"""Samples per second."""

_FRAME: Final = re.compile(r"(?P<function>.*) \((?P<file>.*):(?P<line>\d+)\)$")
_LOOP: Final = "<timeit-src>"

Line = tuple[str, int]
"""A file and a line number."""


def find(group: str, contender: str | None, stack: ExitStack) -> Contender:
    """Return a contender of a group by name, by default the first. Raises LookupError, with all names."""
    made = GROUPS[group](Workbench(usable_executors([]), False, stack))
    groups: Iterable[Group] = [made] if isinstance(made, Group) else made
    found = {f"{each.name}/{one.name}": one for each in groups for one in each.contenders}
    # The name of the group is optional; if contenders of several groups have that name, take the first.
    short = {name.partition("/")[2]: one for name, one in reversed(found.items())}
    if contender is None:
        return next(iter(found.values()))
    if contender not in found and contender not in short:
        raise LookupError(f"no contender {contender!r} in {group}; contenders: {'; '.join(found)}")
    return found.get(contender) or short[contender]


def run(group: str, contender: str | None, seconds: float) -> None:
    """Run a contender for some seconds, in the profiled process."""
    with ExitStack() as stack:
        found = find(group, contender, stack)
        loops = calibrated(found.sample, 0.02)
        end = perf_counter() + seconds
        while perf_counter() < end:
            found.sample(loops)


def profile(group: str, contender: str | None, seconds: float) -> Counter[Line]:
    """Profile a process that runs only this contender. Return the number of samples of each line."""
    asked = [group, *([contender] if contender else []), "--seconds", str(seconds), "--profiled"]
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
    """Return the contender and the seconds per operation. Leaves the source of compiled codecs in ``linecache``."""
    with ExitStack() as stack:
        found = find(group, contender, stack)
        loops = calibrated(found.sample, 0.02)
        return found, Summary.of([found.sample(loops) / loops / found.operations for _ in range(25)]).median


def counted(samples: str) -> Counter[Line]:
    """Return the number of samples in which each line was the innermost, inside the loop that repeats the operation."""
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
    """Format the ``top`` lines with the most samples: share, time per operation, place and source of each."""
    total = counts.total()
    lines = [f"{contender.name}: {contender.what}, {duration(seconds)} per operation, {total} samples"]
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
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="benchmarks/profile_lines.py", description="A profile of one call by line.")
    parser.add_argument("group", nargs="?", default="typed", choices=GROUPS, metavar="GROUP", help=", ".join(GROUPS))
    parser.add_argument(
        "contender", nargs="?", help="a row of the group, by its name in the table (default: the first)"
    )
    parser.add_argument("--seconds", type=float, default=10, help="duration of the profile (default: 10)")
    parser.add_argument("--top", type=int, default=40, help="number of lines to show (default: 40)")
    parser.add_argument("--profiled", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.profiled:
        run(chosen.group, chosen.contender, chosen.seconds)
        return
    try:
        found, seconds = time_of(chosen.group, chosen.contender)
    except LookupError as error:
        parser.error(error.args[0])
    print(table(found, seconds, profile(chosen.group, chosen.contender, chosen.seconds), chosen.top))


if __name__ == "__main__":
    main()
