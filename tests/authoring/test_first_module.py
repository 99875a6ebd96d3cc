"""The README's first module: five commands, from nothing to a function of one's own that is called."""

from __future__ import annotations

from pathlib import Path

from arora_core.authoring.new_module import module_tree
from tests.installing import Environment, makes_an_environment
from tests.pages import ROOT, marked

README = "README.md"


def test_the_source_that_the_readme_shows_is_the_one_that_is_written() -> None:
    assert marked(README, "stats.c") == module_tree("stats", "c")["stats.c"]


def test_it_takes_five_commands() -> None:
    assert len(marked(README, "a module").splitlines()) == 5


@makes_an_environment
def test_the_five_commands_work_in_a_fresh_environment(tmp_path: Path) -> None:
    environment = Environment(tmp_path / "environment")
    commands = marked(README, "a module").replace("./plugins/", f"{ROOT}/plugins/").splitlines()
    # What the README has installed before: arora-core as it is here; on PyPI may be another, or none.
    for command in (f"pip install --quiet '{ROOT}[cli]' {ROOT}/plugins/arora-wasmtime", *commands):
        said = environment.run(command, tmp_path)
        if command.startswith("pytest"):
            # Two tests on each of wasmtime, native and native-isolated.
            assert "6 passed" in said
    assert said == "3.0\n"
