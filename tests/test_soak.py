"""The short form of ``python -m tests.soak``."""

from __future__ import annotations

import sys

import pytest

from arora_core.executor import Executor
from arora_core.plugins import discover
from tests import soak
from tests.failing import Failure, failing, known_failures
from tests.wasm.guests import EXECUTORS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.mark.parametrize("executor", ["wasmtime", "native"])
def test_calls_leave_the_process_flat(executor: str) -> None:
    moments = soak.run(soak.calls(discover().executor(executor)), 3000)
    assert soak.grown(moments[1], moments[-1]) == []


def test_loads_leave_the_process_flat() -> None:
    moments = soak.run(soak.loads(discover().executor("native")), 100)
    assert soak.grown(moments[1], moments[-1]) == []


IN_BROWSER = {"unreachable", "exception of the host"}
"""The failures for which a browser is started: that takes longer than all others."""
CASES = [
    pytest.param(executor, failure, id=f"{executor.name}-{name}".replace(" ", "-"))
    for executor in EXECUTORS.values()
    for name, failure in known_failures(executor).items()
    if executor.name != "browser" or name in IN_BROWSER
]


@pytest.mark.parametrize(("executor", "failure"), CASES)
def test_a_guest_is_whole_after_failures(executor: type[Executor], failure: Failure) -> None:
    with failing(executor, failure) as guest:
        for _ in range(5):
            guest.fail()
        assert guest.differences() == []


def test_growth_beyond_fragments_is_reported() -> None:
    before = soak.Usage(memory=50 << 20, mappings=100, descriptors=5, threads=1)
    after = soak.Usage(memory=(50 << 20) + (2 << 20) + 1, mappings=108, descriptors=6, threads=1)
    assert soak.grown(before, after) == [
        "memory grew from 52428800 to 54525953",
        "descriptors grew from 5 to 6",
    ]
