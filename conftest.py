"""Settings for all tests."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

# A bug in a compiled codec fails the test, also in the processes that the test starts.
os.environ["ARORA_STRICT_CODECS"] = "1"
# Tests compile what they load, also when they run for the second time.
os.environ["ARORA_WASMER_CACHE"] = ""
os.environ["ARORA_WASMTIME_CACHE"] = ""


def pytest_configure() -> None:
    """Restore the default handler of SIGINT where a shell runs the tests in the background.

    Shells ignore SIGINT for background jobs, and child processes inherit that, including those that tests start.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Write into pytest's cache that a process of pytest-xdist has died. The tests that it had left did not run."""
    if error is not None and node.config.cache is not None:
        node.config.cache.set("arora/died", str(error))


@pytest.fixture
def no_garbage_of_earlier_tests() -> Iterator[None]:
    """Collect garbage, and no more until the test ends: collecting the browser of an earlier test starts a thread."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()
