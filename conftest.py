"""What holds for every test."""

from __future__ import annotations

import os
import signal

# A bug in compiled code fails the test that meets it, and the tests of the processes it starts.
os.environ["ARORA_STRICT_CODECS"] = "1"


def pytest_configure() -> None:
    """Lets Ctrl-C work in the processes that tests start, where a shell that runs this in the background took it away.

    It ignores SIGINT for background jobs, and what is ignored stays so in every process below.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
