"""The Rust crates, where an environment variable names them."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from .probe_process import Probe
from .rust_crates import VARIABLE, RustLine, unavailable


@pytest.fixture(scope="session")
def rust() -> RustLine:
    """Return the Rust crates."""
    missing = unavailable()
    if missing is not None:
        pytest.skip(missing)
    return RustLine(os.environ[VARIABLE])


@pytest.fixture(scope="session")
def probe(rust: RustLine) -> Iterator[Probe]:
    """Yield a probe that is built against the Rust crates."""
    running = Probe(rust.probe())
    yield running
    running.close()
