"""Fuzz one target: ``python tests/fuzz/run.py TARGET [--seconds N | --runs N]``.

Uses atheris, which is guided by coverage, if it is installed (``pip install atheris``), otherwise Hypothesis, which is
far slower. Exits with code 0 if no input fails, and prints the failing input otherwise. Once the bug is fixed, add that
input to the corpus, on which the normal tests run.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parents[2]
CORPUS = Path(__file__).parent / "corpus"
MAX_LENGTH = {"decode": 512, "error": 256, "header": 4096, "guest": 512}
"""Bytes of the longest input, by target. Longer inputs are slower, and reach no further code."""

_BATCH = 500
"""Inputs that Hypothesis generates at a time."""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", choices=sorted(MAX_LENGTH))
    parser.add_argument("--seconds", type=int, default=0, help="stop after this many seconds (default 60)")
    parser.add_argument("--runs", type=int, default=0, help="stop after this many inputs")
    parser.add_argument("--seed", type=int, default=0, help="the seed of random choices (default: from the clock)")
    parser.add_argument("--keep", type=Path, help="a directory for inputs that reach new code")
    chosen = parser.parse_args()
    if not chosen.seconds and not chosen.runs:
        chosen.seconds = 60
    return chosen


def _target(name: str) -> Callable[[bytes], None]:
    found: Callable[[bytes], None] = importlib.import_module("tests.fuzz.targets").TARGETS[name]
    return found


def _guided_by_coverage(chosen: argparse.Namespace, keep: Path) -> None:
    import atheris  # type: ignore[import-not-found,import-untyped,unused-ignore]

    with atheris.instrument_imports(include=["arora_core"]):
        target = _target(chosen.target)
    options = [
        f"-runs={chosen.runs or -1}",
        f"-max_total_time={chosen.seconds}",
        f"-max_len={MAX_LENGTH[chosen.target]}",
        f"-artifact_prefix={keep}/failure-",
        "-print_final_stats=1",
        "-timeout=20",
        *([f"-seed={chosen.seed}"] if chosen.seed else []),
        *([f"-dict={words}"] if (words := Path(__file__).parent / f"{chosen.target}.dict").exists() else []),
    ]
    # New inputs are written to the first directory; the second is only read.
    atheris.Setup([sys.argv[0], *options, str(keep), str(CORPUS / chosen.target)], target)
    atheris.Fuzz()


def _by_hypothesis(chosen: argparse.Namespace) -> None:
    mutated = importlib.import_module("tests.fuzz.mutated")
    target = _target(chosen.target)
    started, runs = time.monotonic(), 0
    while (runs < chosen.runs) if chosen.runs else (time.monotonic() - started < chosen.seconds):
        runs += mutated.run(
            chosen.target,
            target,
            min(_BATCH, chosen.runs - runs) if chosen.runs else _BATCH,
            chosen.seed + runs or None,
        )
    print(f"{runs} runs in {time.monotonic() - started:.0f} s, nothing found")


def main() -> None:
    """Fuzz the target of the command line."""
    chosen = _arguments()
    sys.path.insert(0, str(ROOT))
    if find_spec("atheris") is None:
        print("atheris is not installed: inputs come from Hypothesis, without guidance by coverage", file=sys.stderr)
        _by_hypothesis(chosen)
        return
    if chosen.keep:
        chosen.keep.mkdir(parents=True, exist_ok=True)
    _guided_by_coverage(chosen, chosen.keep or Path(tempfile.mkdtemp(prefix=f"arora-fuzz-{chosen.target}-")))


if __name__ == "__main__":
    main()
