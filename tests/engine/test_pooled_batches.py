"""Columns that a pool calls in parts."""

from __future__ import annotations

from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from arora_core import ArgumentError, Engine, EnginePool, GuestError, Header, HostModule, buffers
from arora_core import values as v
from arora_core.runtime import pooled_batch
from arora_core.runtime.pooled_module import PooledModule
from tests.engine.guest_runners import GuestRunner
from tests.engine.pooling import SIZE

EXAMPLES = Path(__file__).parents[2] / "examples"
COUNTING = """
id: 8f0a54b6-7a3f-4f0e-9d52-5a3c7f0f3b11
name: counting
author: A
license: MIT
version: 1.0.0
executor: {name: host}
exports:
- type: function
  id: 0c3e7b0a-2f5e-4b0d-8d0e-3f1f6a9d2c47
  name: more
  parameters: [{id: 5d1c2b3a-4e5f-4a6b-8c7d-9e0f1a2b3c4d, name: errors, type: {kind: scalar, id: u32}}]
  ret: {kind: scalar, id: u32}
"""


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pooled_batch, "LEAST", 3)


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("rows", [1, 2, 7, 100, 5000])
def test_a_batch_is_that_of_one_engine(pooled: PooledModule, runner: GuestRunner, rows: int) -> None:
    column = np.arange(rows, dtype=np.uint32)
    with Engine() as engine:
        alone = runner.load(engine).add.batch(column, repeat(7))
        together = pooled.add.batch(column, repeat(7))
    assert type(together) is type(alone)
    assert together.dtype == alone.dtype
    assert together.tolist() == alone.tolist()


@pytest.mark.usefixtures("small_parts")
def test_lists_structures_and_mutable_parameters_are_joined(arm: PooledModule) -> None:
    joints = np.linspace(-9, 9, 600).reshape(100, 6)
    with Engine() as engine:
        alone = engine.load(EXAMPLES / "ur5" / "module.yaml", executor="wasmtime")
        expected, clamped = alone.forward.batch(joints), alone.clamp.batch(joints)
    assert arm.forward.batch(joints).tolist() == expected.tolist()
    together = arm.clamp.batch(joints)
    assert list(together.ret) == list(clamped.ret)
    assert [list(each) for each in together.mutated["joints"]] == [list(each) for each in clamped.mutated["joints"]]
    assert arm.forward.batch(list(joints[:20]), errors="return") == [arm.forward(each) for each in joints[:20]]


@pytest.mark.usefixtures("small_parts")
def test_a_row_that_fails_is_counted_from_the_first(pooled: PooledModule) -> None:
    rows = [f"row {number}" for number in range(50)]
    with pytest.raises(GuestError, match="row 0") as raised:
        pooled.fail.batch(rows)
    assert raised.value.row == 0
    failures = pooled.fail.batch(rows, errors="return")
    assert [(each.row, each.message) for each in failures] == list(enumerate(rows))


@pytest.mark.usefixtures("small_parts")
def test_the_first_row_that_does_not_fit_is_named(pooled: PooledModule) -> None:
    column: list[Any] = list(range(60))
    column[41] = column[55] = "many"
    with pytest.raises(ArgumentError) as raised:
        pooled.add.batch(column, repeat(1))
    assert (raised.value.row, raised.value.parameter) == (41, "a")


@pytest.mark.usefixtures("small_parts")
def test_progress_rises_to_the_total(pooled: PooledModule) -> None:
    seen: list[tuple[int, int]] = []
    pooled.add.batch(range(100), repeat(1), progress=lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert seen[-1] == (100, 100)
    assert len(seen) > SIZE


def test_columns_of_different_lengths_are_refused(pooled: PooledModule) -> None:
    with pytest.raises(ArgumentError, match="different numbers of rows"):
        pooled.add.batch([1, 2], [1])


@pytest.mark.usefixtures("small_parts")
def test_progress_that_raises_ends_the_batch(pooled: PooledModule) -> None:
    bug = RuntimeError("a bug")

    def fail(done: int, total: int) -> None:
        raise bug

    with pytest.raises(RuntimeError) as raised:
        pooled.add.batch(range(100), repeat(1), progress=fail)
    assert raised.value is bug
    assert pooled.add(1, 2) == 3


def test_an_empty_batch_is_empty(pooled: PooledModule) -> None:
    answer = pooled.add.batch(np.zeros(0, np.uint32), repeat(1))
    assert (len(answer), answer.dtype) == (0, np.uint32)


def test_a_parameter_called_as_an_option_is_given_by_position() -> None:
    host = HostModule(Header.parse(COUNTING))

    @host.function("more")
    def more(errors: int) -> int:
        return errors + 1

    with EnginePool(2) as pool:
        assert pool.register(host).more.batch([1, 2, 3]).tolist() == [2, 3, 4]


def test_host_code_that_calls_a_batch_goes_on_in_its_engine(runner: GuestRunner) -> None:
    with EnginePool(1) as pool:
        pooled = pool.load_module(runner.definition(), executor=runner.executor)
        (engine,) = pool._engines
        callable = engine.register_callable(lambda: v.U32(sum(pooled.add.batch(range(4000), repeat(1)).tolist())))
        assert buffers.decode(bytes(pooled.indirect(callable))) == v.U32(sum(range(1, 4001)))
