"""Fuzzes one target: ``python tests/fuzz/run.py TARGET [--seconds N | --runs N]``.

Guided by coverage where atheris is installed (``pip install atheris``), otherwise by Hypothesis, which is far slower.
Ends with exit code 0 where nothing was found. Otherwise the input that broke a promise is printed; add it to
the corpus, where the normal tests run it, once it has been mended.
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
LONGEST = {"decode": 512, "error": 256, "header": 4096, "guest": 512}
"""Bytes of the longest input, by target: longer ones are slower, and reach nothing that these do not."""

_BATCH = 500
"""Inputs that Hypothesis makes at a time."""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", choices=sorted(LONGEST))
    parser.add_argument("--seconds", type=int, default=0, help="stop after so many seconds (default 60)")
    parser.add_argument("--runs", type=int, default=0, help="stop after so many inputs")
    parser.add_argument("--seed", type=int, default=0, help="of the random choices (default: the clock)")
    parser.add_argument("--keep", type=Path, help="a directory for inputs that reach something new")
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
        f"-max_len={LONGEST[chosen.target]}",
        f"-artifact_prefix={keep}/failure-",
        "-print_final_stats=1",
        "-timeout=20",
        *([f"-seed={chosen.seed}"] if chosen.seed else []),
        *([f"-dict={words}"] if (words := Path(__file__).parent / f"{chosen.target}.dict").exists() else []),
    ]
    # The first directory is where new inputs go, the second is only read.
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
    """Fuzzes what the command line says."""
    chosen = _arguments()
    sys.path.insert(0, str(ROOT))
    if find_spec("atheris") is None:
        print("atheris is not installed: inputs come from Hypothesis, not guided by coverage", file=sys.stderr)
        _by_hypothesis(chosen)
        return
    if chosen.keep:
        chosen.keep.mkdir(parents=True, exist_ok=True)
    _guided_by_coverage(chosen, chosen.keep or Path(tempfile.mkdtemp(prefix=f"arora-fuzz-{chosen.target}-")))


if __name__ == "__main__":
    main()
