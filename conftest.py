"""Settings for all tests."""

from __future__ import annotations

import os
import signal

# A bug in a compiled codec fails the test, also in the processes that the test starts.
os.environ["ARORA_STRICT_CODECS"] = "1"


def pytest_configure() -> None:
    """Restore the default handler of SIGINT where a shell runs the tests in the background.

    Shells ignore SIGINT for background jobs, and child processes inherit that, including those that tests start.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
