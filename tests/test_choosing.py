"""Which executor runs a module."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest

from arora_core import (
    Engine,
    ExecutorNotFound,
    ExecutorUnavailable,
    Header,
    Limits,
    LoadError,
    UnsupportedLimit,
)
from tests.installing import Site, executor_source


def header(executor: str = "stub", **requirement: Any) -> Header:
    return Header.from_data(
        {
            "id": "11111111-1111-4111-8111-111111111111",
            "name": "probe",
            "author": "",
            "license": "",
            "version": {"major": 1, "minor": 0, "patch": 0},
            "executor": {"name": executor, **requirement},
        }
    )


def chosen(engine: Engine, **options: Any) -> str:
    """The name of the executor that was asked to load."""
    with pytest.raises(LoadError, match="chosen: ") as caught:
        engine.load_module_from_parts(options.pop("header", header()), b"", **options)
    assert caught.value.executor is not None
    return caught.value.executor


@pytest.fixture
def three(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.delenv("ARORA_EXECUTOR", raising=False)
    site.install("arora-low", executor_source("low", serves="stub", priority=1))
    site.install("arora-high", executor_source("high", serves="stub", priority=5))
    site.install("arora-gone", executor_source("gone", serves="stub", priority=9, unavailable="no licence; buy one"))
    return site


def test_the_highest_priority_that_can_run_here_is_chosen(three: Site) -> None:
    assert chosen(Engine()) == "high"


def test_prefer_beats_priority(three: Site) -> None:
    assert chosen(Engine(prefer=["low"])) == "low"


def test_a_preference_that_cannot_run_here_is_passed_over(three: Site) -> None:
    assert chosen(Engine(prefer=["nonsense", "gone", "low"])) == "low"


def test_the_environment_beats_priority_and_prefer_beats_the_environment(
    three: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARORA_EXECUTOR", "low")
    assert chosen(Engine()) == "low"
    assert chosen(Engine(prefer=["high"])) == "high"


def test_the_executor_asked_for_on_load_beats_all(three: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARORA_EXECUTOR", "high")
    assert chosen(Engine(prefer=["high"]), executor="low") == "low"


def test_asking_for_one_that_cannot_run_here_says_why_and_what_to_do(three: Site) -> None:
    with pytest.raises(ExecutorUnavailable, match="no licence; buy one") as caught:
        Engine().load_module_from_parts(header(), b"", executor="gone")
    assert (caught.value.executor, caught.value.module) == ("gone", "probe")


def test_asking_for_one_that_does_not_serve_the_header_says_so(three: Site) -> None:
    with pytest.raises(ExecutorUnavailable, match="it serves stub, not other"):
        Engine().load_module_from_parts(header("other"), b"", executor="low")


def test_an_unknown_executor_name_is_not_found(three: Site) -> None:
    with pytest.raises(ExecutorNotFound, match="no executor 'nope' is installed"):
        Engine().load_module_from_parts(header(), b"", executor="nope")


def test_a_header_nobody_serves_lists_what_is_installed(three: Site) -> None:
    with pytest.raises(ExecutorNotFound, match=r"no installed executor serves 'cobol'.*high.*pip install"):
        Engine().load_module_from_parts(header("cobol"), b"")


def test_when_none_can_run_here_each_ones_reason_is_given(site: Site) -> None:
    site.install("arora-gone", executor_source("gone", serves="stub", unavailable="no licence; buy one"))
    with pytest.raises(ExecutorUnavailable, match="gone: no licence; buy one"):
        Engine().load_module_from_parts(header(), b"")


@pytest.mark.parametrize(
    ("requirement", "message"),
    [
        ({"min_version": {"major": 2, "minor": 6, "patch": 0}}, "2.5.1, older than the required 2.6.0"),
        ({"max_version": {"major": 2, "minor": 5, "patch": 0}}, "2.5.1, newer than the accepted 2.5.0"),
    ],
)
def test_a_runtime_outside_the_headers_versions_cannot_run_it(
    three: Site, requirement: dict[str, Any], message: str
) -> None:
    with pytest.raises(ExecutorUnavailable, match=message):
        Engine().load_module_from_parts(header(**requirement), b"")


def test_a_runtime_at_either_end_of_the_headers_versions_can_run_it(three: Site) -> None:
    exact = {"major": 2, "minor": 5, "patch": 1}
    assert chosen(Engine(), header=header(min_version=exact, max_version=exact)) == "high"


def test_a_limit_nobody_can_enforce_is_refused_by_name(three: Site) -> None:
    with pytest.raises(UnsupportedLimit, match="cannot enforce a memory limit") as caught:
        Engine().load_module_from_parts(header(), b"", limits=Limits(memory=1 << 20))
    assert caught.value.limit == "memory"


def test_a_limit_decides_for_an_executor_that_can_enforce_it(three: Site) -> None:
    capable = executor_source("capable", serves="stub").replace(
        "priority = 0", "capabilities = frozenset({Capability.MEMORY_LIMIT})"
    )
    three.install("arora-capable", capable.replace("import Executor", "import Capability, Executor"))
    assert chosen(Engine(), limits=Limits(memory=1 << 20)) == "capable"


def test_the_choice_and_the_runners_up_are_logged(three: Site, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "arora.engine"):
        chosen(Engine())
    assert "probe runs on high; runners-up: gone (no licence; buy one), low" in caplog.text


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"deadline": "0.5"}, TypeError, "limit deadline must be a number of seconds, got '0.5'"),
        ({"memory": "64MiB"}, TypeError, "limit memory must be an integer, got '64MiB'"),
        ({"fuel": 1.5}, TypeError, "limit fuel must be an integer, got 1.5"),
        ({"fuel": True}, TypeError, "limit fuel must be an integer, got True"),
        ({"memory": 0}, ValueError, "limit memory must be positive, got 0"),
        ({"deadline": float("nan")}, ValueError, "limit deadline must be positive, got nan"),
    ],
)
def test_limits_are_positive_numbers(given: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        Limits(**given)


def test_limits_are_nothing_but_limits() -> None:
    wrong: Any = {"memory": 3}
    with Engine() as engine, pytest.raises(TypeError, match=r"limits must be arora_core.Limits, got \{'memory': 3\}"):
        engine.load_module_from_parts(header(), b"", limits=wrong)
