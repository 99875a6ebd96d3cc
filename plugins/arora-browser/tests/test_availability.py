"""What the executor declares, and what it says where no browser can be driven."""

from __future__ import annotations

import sys

import pytest
from arora_browser.driven.browser_executable import BROWSER_VARIABLE
from arora_browser.executor import BrowserExecutor

from arora_core.errors import ExecutorUnavailable
from arora_core.executor import Capability
from tests.wasm.guests import guest

from .driven_executor import load
from .processes import run_program


def test_it_declares_its_capabilities() -> None:
    assert BrowserExecutor.capabilities == {Capability.TRAPS, Capability.OUTPUT, Capability.DEADLINE}


def test_importing_the_executor_and_asking_whether_it_is_available_does_not_import_playwright() -> None:
    done = run_program("""
        import sys
        import arora_browser.executor as e
        e.BrowserExecutor.unavailable()
        print([name for name in sys.modules if name.startswith(("playwright", "asyncio"))])
    """)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_a_missing_browser_is_reported_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv(BROWSER_VARIABLE, raising=False)
    reason = BrowserExecutor.unavailable()
    assert reason is not None
    assert reason.startswith("no browser was found (looked for chromium, ")


def test_a_named_browser_that_does_not_exist_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BROWSER_VARIABLE, "/no/such/browser")
    reason = BrowserExecutor.unavailable()
    assert reason is not None
    assert "'/no/such/browser'" in reason


def test_a_missing_playwright_is_reported_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "playwright", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "pip install 'arora-browser[playwright]'" in str(BrowserExecutor.unavailable())


def test_an_executable_that_is_not_a_browser_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BROWSER_VARIABLE, "/bin/false")
    with pytest.raises(ExecutorUnavailable, match="/bin/false does not start"):
        load(BrowserExecutor(), guest())


def test_a_browser_that_cannot_suspend_a_guest_is_unavailable() -> None:
    class Old(BrowserExecutor):
        flags = ("--js-flags=--jitless",)

    executor = Old()
    with pytest.raises(ExecutorUnavailable, match=r"has no WebAssembly\.Suspending"):
        load(executor, guest())
    executor.close()
