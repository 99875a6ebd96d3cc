"""The recipes for executors, in ``docs/executor-limits.md`` and its neighbours, do what the pages say."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from arora_core import Engine, Executor, GuestError, Instance, Limits, ModuleDefinition, Trap
from arora_core.conformance import Results, run_checks, wasm_guest
from arora_core.conformance.scripted_host import ScriptedHost
from arora_core.conformance.subject import only
from arora_core.executor import Host
from tests.plugin_pages import recipes, tree_of_the_page, write

SUMS = """
id: 0a0a0a0a-0000-4000-8000-000000000001
name: sums
author: ""
license: ""
version: {major: 1, minor: 0, patch: 0}
executor: {name: postfix}
imports: []
exports:
  - type: function
    id: 0a0a0a0a-0000-4000-8000-000000000002
    name: twice_the_sum
    parameters:
      - {id: 0a0a0a0a-0000-4000-8000-000000000003, name: a, type: {kind: scalar, id: u32}}
      - {id: 0a0a0a0a-0000-4000-8000-000000000004, name: b, type: {kind: scalar, id: u32}}
    ret: {kind: scalar, id: u32}
"""


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ModuleType]]:
    """Imports a recipe by name, beside the executor of the page."""
    monkeypatch.syspath_prepend(str(write({**tree_of_the_page("executor"), **recipes()}, tmp_path)))
    # Other pages have a package of the same name.
    forget_written_modules()
    yield import_module
    forget_written_modules()


def forget_written_modules() -> None:
    written = {"arora_mine", *(file.removesuffix(".py") for file in recipes())}
    for name in [each for each in sys.modules if each.partition(".")[0] in written]:
        del sys.modules[name]


def executor(name: str, load: Callable[[ModuleDefinition, Host, Limits], Instance]) -> type[Executor]:
    """Return the page's executor with another ``load``."""
    base: Any = import_module("arora_mine.executor").MineExecutor
    loads = {"name": name, "load": lambda self, *given: load(*given)}
    return type("RecipeExecutor", (base,), loads)


def failures(results: Results) -> list[tuple[str, str]]:
    return [(each.check.name, each.message) for each in results.failed]


def test_every_recipe_has_its_test() -> None:
    assert set(recipes()) == {
        *("limits.py", "protocol.py", "restarting.py", "output.py"),
        *("postfix.py", "test_postfix.py"),
    }


def test_the_recipe_of_limits_passes_the_checks_of_limits(recipe: Callable[[str], ModuleType]) -> None:
    slow = {"the same call uses the same fuel": "compiles the guest for each of many loads"}
    results = run_checks(recipe("limits").LimitingExecutor, ["limits"], skip=slow)
    assert failures(results) == []
    assert [each.check.name for each in results.skipped] == list(slow)


def test_the_steps_of_a_call_pass_the_checks_of_calls(recipe: Callable[[str], ModuleType]) -> None:
    instance: Any = import_module("arora_mine.instance")
    guest: Any = recipe("protocol").Guest

    class ByHand(instance.MineInstance):  # type: ignore[misc]
        """Leaves the imports to ``LinearGuest``, and calls the guest by the recipe."""

        def attach(self, memory: Any, alloc: Any, free: Any, functions: Any, around: Any = None) -> None:
            super().attach(memory, alloc, free, functions)
            self.parts, self.exports = (memory, alloc, free), functions

        def attach_stack(self, pointer: Any, *, unknown: bool) -> None:
            self.guest = guest(*self.parts, pointer)

        def function(self, function_id: bytes) -> Callable[[bytes], bytes]:
            return partial(self.guest.call, self.exports[function_id])

        transfer = Instance.transfer

    made = executor("by-hand", lambda definition, host, _: ByHand(definition, host, instance.engine()))
    areas = ["calls", "errors", "traps", "exceptions", "reentrancy", "leaks"]
    unknown = "a function that {} is not found"
    skip = dict.fromkeys(map(unknown.format, ["is not exported", "the header leaves out"]), "ByHand does not look")
    results = run_checks(made, areas, examples=5, size=200_000, skip=skip)
    assert failures(results) == []


def test_a_guest_whose_stack_pointer_cannot_be_set_is_restarted(recipe: Callable[[str], ModuleType]) -> None:
    instance: Any = recipe("restarting").RestartingInstance
    engine: Any = import_module("arora_mine.instance").engine

    made = executor("restarting", lambda definition, host, _: instance(definition, host, engine()))
    with Engine(plugins=only(made)) as arora:
        guest = arora.load_module(wasm_guest().definition())
        guest.exchange(7)
        with pytest.raises(Trap) as caught:
            guest.crash(0)
        assert caught.value.restarted
        assert guest.exchange(0) == 0


def test_the_file_for_output_passes_on_what_is_written_at_once(recipe: Callable[[str], ModuleType]) -> None:
    host = ScriptedHost()
    file = recipe("output").text_file(host, 2)
    file.write("no line end, é")
    assert host.written == [(2, "no line end, é".encode())]


def test_an_executor_of_a_language_of_its_own_finds_its_files(
    tmp_path: Path, recipe: Callable[[str], ModuleType]
) -> None:
    (tmp_path / "sums.yaml").write_text(SUMS)
    (tmp_path / "sums.postfix").write_text("twice_the_sum: a b + 2 *\nend\n")
    with Engine(plugins=only(recipe("postfix").PostfixExecutor)) as engine:
        sums = engine.load(tmp_path / "sums.yaml")
        assert sums.twice_the_sum(20, 1) == 42
        (tmp_path / "sums.postfix").write_text("twice_the_sum: a c +\nend\n")
        with pytest.raises(GuestError, match="'c'"):
            engine.load(tmp_path / "sums.yaml", replace=True).twice_the_sum(20, 1)


def test_the_suite_of_that_executor_passes_as_the_page_has_it(tmp_path: Path) -> None:
    write(recipes(), tmp_path)
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "test_postfix.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "twenty interpreters take too much memory" in done.stdout
    assert "the postfix guest has no echo" in done.stdout
