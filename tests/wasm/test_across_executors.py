"""Modules that call one another return the same results on every pair of executors."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from arora_core import Engine, LoadedModule, discover
from arora_core import values as v
from examples import build

KINDS = {
    name: kind
    for name, found in discover().executors.items()
    for kind in ("wasm", "native")
    if kind in found.executor.serves and found.executor.unavailable() is None
}
"""The kind of executable that each executor that can run here gets."""

STRETCHED, FOLDED = [0.0] * 6, [0.0, -1.57, 2.5, 0.0, 1.57, 0.0]


@pytest.fixture(params=list(product(KINDS, KINDS)), ids="-calls-".join)
def watchdog(request: pytest.FixtureRequest, engine: Engine, native_examples: dict[str, Path]) -> LoadedModule:
    """Return the watchdog on one executor, with the arm it watches on another, for every pair of executors."""

    def load(name: str, executor: str) -> LoadedModule:
        directory = native_examples[name] if KINDS[executor] == "native" else build.EXAMPLES / name
        return engine.load(directory / "module.yaml", executor=executor)

    outer, inner = request.param
    load("ur5", inner)
    return load("watchdog", outer)


def test_a_pose_within_reach_is_safe(watchdog: LoadedModule) -> None:
    assert repr(watchdog.check(FOLDED)) == "Verdict.safe"


def test_a_pose_beyond_reach_is_too_far_by_the_same_bits(watchdog: LoadedModule, engine: Engine) -> None:
    reach = engine.register_callable(lambda: v.F64(0.5))
    assert repr(watchdog.check(STRETCHED, reach)) == "Verdict.too_far(value=0.33939312367984054)"


def test_a_failure_of_the_inner_module_reaches_the_outer_as_an_error_it_can_handle(watchdog: LoadedModule) -> None:
    assert repr(watchdog.check([0.0])) == "Verdict.unknown(value='forward wants 6 joints, got 1')"


def test_an_exception_of_the_host_comes_out_of_both_as_the_same_object(watchdog: LoadedModule, engine: Engine) -> None:
    surprise = LookupError("no reach today")

    def fail() -> v.Value:
        raise surprise

    with pytest.raises(LookupError) as caught:
        watchdog.check(STRETCHED, engine.register_callable(fail))
    assert caught.value is surprise
    assert repr(watchdog.check(FOLDED)) == "Verdict.safe"
