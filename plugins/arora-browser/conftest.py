"""Settings for tests that start a browser."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from arora_browser.driven.finding import FLAGS


@pytest.fixture(autouse=True, scope="session")
def allow_root() -> Iterator[None]:
    """Disable Chromium's sandbox for root, which it requires. Containers often run tests as root."""
    with pytest.MonkeyPatch.context() as patch:
        if os.geteuid() == 0 and FLAGS not in os.environ:
            patch.setenv(FLAGS, "--no-sandbox --disable-gpu")
        yield
