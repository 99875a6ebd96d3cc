"""Misspelt names of hooks and of preferred executors are reported, and disable nothing."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable

import pytest

from arora_core import Engine, discover
from tests.cli.running import arora
from tests.installing import Site, executor_source
from tests.test_choosing import chosen


@pytest.fixture
def other(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Have an executor installed, and no preference."""
    monkeypatch.delenv("ARORA_EXECUTOR", raising=False)
    site.install("arora-other", executor_source("other", serves="stub"))
    return site


MISSPELT: dict[str, tuple[str, str]] = {
    "marked": ("@hookimpl\n        def arora_codec(): return []", "arora_codec is no hook of arora, did you mean"),
    "unmarked": ("def arora_codecz(): return []", "arora_codecz is no hook of arora, did you mean 'arora_codecs'?"),
    "unmarked hook": ("def arora_codecs(): return []", "arora_codecs is not marked with @hookimpl"),
}


@pytest.mark.parametrize("kind", MISSPELT)
def test_a_misspelt_hook_is_reported_and_disables_nothing(
    site: Site, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    code, message = MISSPELT[kind]
    site.install("arora-near", executor_source("near", serves="stub") + f"\n        {code}\n", version="0.3")
    plugins = discover()
    assert not plugins.failed
    assert "near" in plugins.executors
    (hook,) = plugins.unknown_hooks
    assert message in str(hook)
    assert str(hook) in caplog.text
    assert f"plugin arora_near (arora-near 0.3): {message}" in arora("executors").out
    (listed,) = json.loads(arora("executors", "--json").out)["unknown_hooks"]
    assert (listed["name"], listed["distribution"]) == (hook.name, "arora-near")


def test_functions_that_look_like_no_hook_of_the_plugin_are_not_reported(site: Site) -> None:
    optional = "@hookimpl(optionalhook=True)\n        def arora_later(): return []"
    site.install("arora-fine", executor_source("fine") + f"\n        {optional}\n        def helper(): ...\n")
    assert not discover().unknown_hooks


def preferring(name: str, monkeypatch: pytest.MonkeyPatch) -> Engine:
    return Engine(prefer=[name])


def through_the_environment(name: str, monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.setenv("ARORA_EXECUTOR", name)
    return Engine()


@pytest.mark.parametrize(("way", "source"), [(preferring, "prefer="), (through_the_environment, "ARORA_EXECUTOR")])
def test_a_misspelt_preference_is_warned_of_once(
    other: Site,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    way: Callable[[str, pytest.MonkeyPatch], Engine],
    source: str,
) -> None:
    with way("othre", monkeypatch) as engine:
        assert chosen(engine) == chosen(engine) == "other"
    (record,) = (each for each in caplog.records if each.levelno == logging.WARNING)
    text = record.getMessage()
    assert text.startswith(f"{source} names the executor 'othre', which is not installed, did you mean 'other'?")
    assert "(installed: " in text
    assert "wasmtime" in text


def test_preferences_for_installed_and_for_disabled_executors_give_no_such_warning(
    other: Site, caplog: pytest.LogCaptureFixture
) -> None:
    other.install("arora-bad", "raise OSError", entry_point="bad")
    assert chosen(Engine(prefer=["bad", "other"])) == "other"
    assert "which is not installed" not in caplog.text
