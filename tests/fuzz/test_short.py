"""Short fuzzing runs on every target; ``run.py`` makes long ones."""

from __future__ import annotations

import sys

import pytest

from arora_core import Engine
from arora_core.plugins import discover

from . import documents, executables, mutated, seeds
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


@pytest.mark.parametrize(("executor", "kind"), [("wasmtime", "wasm"), ("wasmtime-component", "wasm-component")])
def test_mutated_executables_are_refused_run_or_trap(executor: str, kind: str) -> None:
    # On an executor without deadlines, some would run for ever.
    for index in range(20):
        with Engine() as engine:
            assert executables.run(engine, discover().executor(executor), executables.mutated(1, index, kind))


def test_headers_and_records_of_changed_structure_are_refused_or_loaded_and_called() -> None:
    ends = documents.run_all(seed=1, indices=range(40))
    assert {"HeaderError", "called: Trap"} <= ends.keys()
    assert not [end for end in ends if end.startswith("slow")]


def test_an_executable_that_ends_its_process_is_named_and_the_next_ones_run() -> None:
    def command(indices: range) -> list[str]:
        crash = f"import os; [print(i, flush=True) if i != 3 else os.abort() for i in {indices}]"
        return [sys.executable, "-c", crash]

    outcome = executables.run_in_children(command, range(6), patience=20)
    assert outcome.failures == ["input 3: exit code -6"]
    assert outcome.ends == {"0": 1, "1": 1, "2": 1, "4": 1, "5": 1, executables.CRASHED: 1}


def test_an_executable_that_never_ends_is_stopped_and_counted() -> None:
    def command(indices: range) -> list[str]:
        return [sys.executable, "-c", "import time; time.sleep(60)"]

    outcome = executables.run_in_children(command, range(1), patience=0.2)
    assert outcome.ends == {executables.NEVER_ENDED: 1}


def test_an_executable_that_never_ends_is_counted_where_the_executor_has_no_deadline(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(executables, "run", lambda *_: sum(iter(int, 1)))
    executables.run_in_copy(discover().executor("wasmtime"), executables.mutated(1, 0))
    assert capfd.readouterr().out == f"{executables.NEVER_ENDED}\n"
