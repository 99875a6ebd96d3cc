"""The setup of every test that starts a browser."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from arora_browser.driven.browser_executable import FLAGS_VARIABLE


@pytest.fixture(autouse=True, scope="session")
def allow_root() -> Iterator[None]:
    """Chromium refuses to run as root with its sandbox, which is how containers often run tests."""
    with pytest.MonkeyPatch.context() as patch:
        if os.geteuid() == 0 and FLAGS_VARIABLE not in os.environ:
            patch.setenv(FLAGS_VARIABLE, "--no-sandbox --disable-gpu")
        yield
