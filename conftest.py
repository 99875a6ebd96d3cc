"""Settings for all tests."""

from __future__ import annotations

import gc
import os
import signal
import tempfile
from collections.abc import Iterator
from typing import Any

import pytest

# A bug in a compiled codec fails the test, also in the processes that the test starts.
os.environ["ARORA_STRICT_CODECS"] = "1"


def pytest_configure(config: pytest.Config) -> None:
    """Give the run caches of compiled code of its own, and restore the default handler of SIGINT.

    Tests compile what they load once in each run. Shells ignore SIGINT for background jobs, and child processes
    inherit that, including those that tests start.
    """
    # The processes of pytest-xdist have the variables of the one that starts them.
    if "PYTEST_XDIST_WORKER" not in os.environ:
        caches = tempfile.TemporaryDirectory(prefix="arora-tests-", ignore_cleanup_errors=True)
        config.add_cleanup(caches.cleanup)
        for runtime in ("wasmer", "wasmtime"):
            os.environ[f"ARORA_{runtime.upper()}_CACHE"] = os.path.join(caches.name, runtime)
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
