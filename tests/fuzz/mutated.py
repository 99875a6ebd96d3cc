"""Inputs from Hypothesis: mutations of the corpus, and arbitrary bytes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

CORPUS: Final = Path(__file__).parent / "corpus"


def known(target: str) -> dict[str, bytes]:
    """Return the corpus of a target by file name."""
    return {path.name: path.read_bytes() for path in sorted((CORPUS / target).iterdir())}


@st.composite
def inputs(draw: st.DrawFn, target: str) -> bytes:
    """Draw an input for a target."""
    data = bytearray(draw(st.sampled_from([b"", *known(target).values()])))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 8)))
        data[start:end] = draw(st.binary(max_size=8))
    return bytes(data)


def run(name: str, target: Callable[[bytes], None], most: int, random_seed: int | None = None) -> int:
    """Run ``target`` on at most ``most`` inputs; return how many. Raise what the smallest failing input raises."""
    runs = 0

    @settings(
        max_examples=most,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
        derandomize=random_seed is not None and random_seed < 0,
    )
    @given(inputs(name))
    def each(data: bytes) -> None:
        nonlocal runs
        runs += 1
        target(data)

    (each if random_seed is None else seed(random_seed)(each))()
    return runs
