"""The executor that drives a browser, and how tests load a guest into it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from arora_browser.driven.instance import DrivenInstance
from arora_browser.executor import BrowserExecutor

from arora_core.executor import Limits
from tests.wasm.guests import Load, StubHost


@pytest.fixture(scope="module")
def executor(allow_root: None) -> Iterator[BrowserExecutor]:
    """One browser for all the tests that leave it alive."""
    executor = BrowserExecutor()
    yield executor
    executor.close()


class Alone(BrowserExecutor):
    """Has a flag without effect here, so that it does not share the browser of ``executor``."""

    flags = ("--lang=en-GB",)


def load(executor: BrowserExecutor, executable: bytes, host: StubHost | None = None, **limits: float) -> DrivenInstance:
    wanted = Limits(deadline=limits.get("deadline"))
    instance = Load(BrowserExecutor)(executable, host, wanted, executor)
    assert isinstance(instance, DrivenInstance)
    return instance


def crash_page(instance: DrivenInstance) -> None:
    page = instance._page
    page._thread.call_soon(lambda: page._create_task(page._session.send("Page.crash")))
