"""Plugins are found by entry point, each in isolation."""

from __future__ import annotations

import subprocess
import sys

import pytest

from arora_core import Engine, ExecutorNotFound, ExecutorUnavailable, PluginError, discover, hookimpl, hookspecs
from arora_core import plugins as plugins_module
from arora_core.plugins import Origin, Plugins
from tests.installing import Site, executor_source


def failure_of(name: str) -> str:
    (failed,) = [each for each in discover().failed if name in (each.origin.entry_point, each.origin.distribution)]
    return failed.reason


def test_an_installed_executor_is_found_with_its_distribution(site: Site) -> None:
    site.install("arora-nimble", executor_source("nimble"), version="3.1")
    found = discover().executors["nimble"]
    assert found.executor.name == "nimble"
    assert (found.origin.distribution, found.origin.version) == ("arora-nimble", "3.1")


def test_a_plugin_that_raises_on_import_is_disabled_and_the_others_work(site: Site) -> None:
    site.install("arora-broken", "raise RuntimeError('no such device')", entry_point="broken")
    site.install("arora-nimble", executor_source("nimble"))
    plugins = discover()
    assert "nimble" in plugins.executors
    assert failure_of("broken") == "arora_broken failed to import: RuntimeError: no such device"


def test_a_plugin_that_exits_on_import_is_disabled(site: Site) -> None:
    site.install("arora-quitter", "import sys; sys.exit(3)", entry_point="quitter")
    assert "SystemExit" in failure_of("quitter")


def test_asking_for_a_kept_out_executor_by_name_says_why(site: Site) -> None:
    site.install("arora-broken", "import nothing_of_that_name", entry_point="broken")
    for name in ("broken", "arora-broken"):
        with pytest.raises(ExecutorUnavailable, match="No module named 'nothing_of_that_name'") as caught:
            discover().executor(name)
        assert caught.value.executor == name


def test_asking_for_an_unknown_executor_lists_the_installed_ones(site: Site) -> None:
    site.install("arora-nimble", executor_source("nimble"))
    with pytest.raises(ExecutorNotFound, match=r"no executor 'swift' is installed \(installed: .*nimble.*arora-swift"):
        discover().executor("swift")


def test_of_two_plugins_with_one_name_the_first_stays_and_the_second_is_disabled(site: Site) -> None:
    site.install("arora-first", executor_source("same"))
    site.install("arora-second", executor_source("same"))
    plugins = discover()
    assert plugins.executors["same"].origin.distribution == "arora-first"
    assert failure_of("arora-second") == "arora-second 1.0: executor name 'same' is already taken by arora-first 1.0"


WRONG_ANSWERS = {
    "5": "must return a sequence, got 5",
    "'text'": "must return a sequence, got 'text'",
    "[5]": "must return subclasses of Executor, got 5",
    "[object]": "must return subclasses of Executor",
    "[Executor]": "does not implement load",
    "[type('E', (Executor,), {'load': None})]": "has no name",
    "[type('E', (Executor,), {'load': None, 'name': 'x'})]": "must declare `serves`",
    "[type('E', (Executor,), {'load': None, 'name': 'x', 'serves': 'wasm'})]": "must declare `serves`",
    "[type('E', (Executor,), {'load': None, 'name': 'x', 'serves': {'x'}, 'suffixes': '.x'})]": "declare `suffixes`",
    "[type('E', (Executor,), {'load': None, 'name': 'x', 'serves': {'x'}, 'suffixes': ('x',)})]": "with '.'",
    "2 * [type('E', (Executor,), {'load': None, 'name': 'x', 'serves': frozenset()})]": "two executors named 'x'",
    "1 / 0": "arora_executors raised ZeroDivisionError",
}


@pytest.mark.parametrize("answer", WRONG_ANSWERS)
def test_a_hook_that_returns_the_wrong_thing_names_its_distribution(site: Site, answer: str) -> None:
    site.install(
        "arora-wrong",
        f"""
        from arora_core import Executor, hookimpl

        @hookimpl
        def arora_executors():
            return {answer}
        """,
    )
    assert failure_of("arora-wrong").startswith("arora-wrong 1.0: ")
    assert WRONG_ANSWERS[answer] in failure_of("arora-wrong")


def test_a_codec_hook_that_returns_the_wrong_thing_is_disabled(site: Site) -> None:
    site.install("arora-wrong", "import arora_core\n@arora_core.hookimpl\ndef arora_codecs(): return [5]")
    assert "must return Codec objects, got 5" in failure_of("arora-wrong")


def test_a_hook_with_other_arguments_than_the_specification_is_disabled(site: Site) -> None:
    site.install("arora-wrong", "import arora_core\n@arora_core.hookimpl\ndef arora_executors(x): return []")
    assert "arora_executors" in failure_of("arora-wrong")


def test_a_plugin_without_a_hook_is_told_about_hookimpl(site: Site) -> None:
    site.install("arora-mute", "def arora_executors(): return []")
    assert "is @hookimpl missing?" in failure_of("arora-mute")


def test_a_plugin_offers_all_it_has_or_nothing(site: Site) -> None:
    site.install(
        "arora-half", executor_source("half") + "\n        @hookimpl\n        def arora_codecs(): return [5]\n"
    )
    assert "half" not in discover().executors


def test_adding_a_bad_plugin_by_hand_raises() -> None:
    class Bad:
        @hookimpl
        def arora_executors(self) -> int:
            return 5

    plugins = Plugins()
    with pytest.raises(PluginError, match="arora_executors must return a sequence") as caught:
        plugins.add(Bad(), Origin("bad", "bad-dist", "1"))
    assert caught.value.distribution == "bad-dist"
    assert not plugins.executors


def test_a_failing_plugin_does_not_hinder_an_engine(site: Site) -> None:
    site.install("arora-broken", "raise RuntimeError", entry_point="broken")
    with Engine() as engine:
        assert [each.origin.entry_point for each in engine.plugins.failed] == ["broken"]


@pytest.mark.parametrize("hook", [name for name in vars(hookspecs) if name.startswith("arora_")])
def test_every_hook_is_documented(hook: str) -> None:
    assert getattr(hookspecs, hook).__doc__


def test_an_unknown_codec_lists_the_installed_ones() -> None:
    with pytest.raises(PluginError, match=r"no codec 'x' is installed \(installed: arora\)"):
        Engine(codec="x", plugins=Plugins())


def test_importing_arora_and_finding_plugins_imports_no_runtime() -> None:
    program = (
        "import sys, arora_core; arora_core.Engine();"
        "found = {'wasmtime', 'wasmer', 'ctypes', 'yaml', 'click', 'rich'} & set(sys.modules);"
        "sys.exit(f'imported {found}' if found else 0)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_entry_point_group_and_the_project_name_are_arora() -> None:
    assert hookspecs.PROJECT == plugins_module.Plugins()._manager.project_name == "arora"
