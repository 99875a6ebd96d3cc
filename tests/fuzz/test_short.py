"""Short fuzzing runs on every target; ``run.py`` makes long ones."""

from __future__ import annotations

import pytest

from . import mutated, seeds
from .targets import TARGETS

KNOWN = [(target, name, data) for target in TARGETS for name, data in mutated.known(target).items()]
RUNS = {"decode": 1000, "error": 300, "header": 150, "guest": 700}


@pytest.mark.parametrize(("target", "name", "data"), KNOWN, ids=[f"{target}/{name}" for target, name, _ in KNOWN])
def test_every_input_of_the_corpus_passes(target: str, name: str, data: bytes) -> None:
    TARGETS[target](data)


@pytest.mark.parametrize("target", TARGETS)
def test_mutations_of_the_corpus_pass(target: str) -> None:
    assert mutated.run(target, TARGETS[target], RUNS[target], random_seed=1)


@pytest.mark.parametrize("target", TARGETS)
def test_the_corpus_contains_every_seed(target: str) -> None:
    known = mutated.known(target)
    assert {name: known.get(name) for name in seeds.corpora()[target]} == seeds.corpora()[target]
