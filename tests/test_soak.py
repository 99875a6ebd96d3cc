"""The short form of ``python -m tests.soak``."""

from __future__ import annotations

import sys

import pytest

from arora_core.plugins import discover
from tests import soak

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.mark.parametrize("executor", ["wasmtime", "native"])
def test_calls_leave_the_process_flat(executor: str) -> None:
    moments = soak.run(soak.calls(discover().executor(executor)), 3000)
    assert soak.grown(moments[1], moments[-1]) == []


def test_loads_leave_the_process_flat() -> None:
    moments = soak.run(soak.loads(discover().executor("native")), 100)
    assert soak.grown(moments[1], moments[-1]) == []


def test_growth_beyond_fragments_is_reported() -> None:
    before = soak.Usage(memory=50 << 20, mappings=100, descriptors=5, threads=1)
    after = soak.Usage(memory=(50 << 20) + (2 << 20) + 1, mappings=108, descriptors=6, threads=1)
    assert soak.grown(before, after) == [
        "memory grew from 52428800 to 54525953",
        "descriptors grew from 5 to 6",
    ]
