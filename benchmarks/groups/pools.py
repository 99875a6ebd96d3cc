"""Pools of engines: what two workers add to one, and what handing a call over costs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from arora_core import EnginePool, discover
from arora_core.conformance import guest_for
from arora_core.runtime.pooled_module import PooledModule
from benchmarks.measure import Group, statement
from benchmarks.workbench import Workbench

_CALLS: Final = 8
_LONG: Final = 40_000_000
"""Turns of the guest's loop in a call of about ten milliseconds."""
_SHORT: Final = 4_000
"""Turns in a call of about a microsecond."""
_ROWS: Final = 40_000


def pools(bench: Workbench) -> Iterator[Group]:
    """Calls of a guest that computes, rows of a microsecond, and single short calls."""
    executors = [each for each in bench.executors if each != "browser"]
    handles = {executor: [_pooled(bench, executor, size) for size in (1, 2)] for executor in executors}
    yield _calls(bench, handles)
    yield _batches(bench, handles)
    yield _handing_over(handles)


def _pooled(bench: Workbench, executor: str, size: int) -> PooledModule:
    pool = bench.stack.enter_context(EnginePool(size))
    guest = guest_for(discover().executors[executor].executor)
    return pool.load_module(guest.definition(), executor=executor)


def _calls(bench: Workbench, handles: dict[str, list[PooledModule]]) -> Group:
    turns = _LONG // 100 if bench.quick else _LONG
    group = Group("pool", f"{_CALLS} calls of a guest that computes", _peers("one worker", handles))
    source = f"[each.result() for each in [work.submit({turns}) for _ in range({_CALLS})]]"
    for executor, modules in handles.items():
        for name, module in zip(("one worker", "two workers"), modules, strict=True):
            expected = [turns] * _CALLS
            group.add(statement(f"{name}, {executor}", source, {"work": module["work"]}, expected=expected))
    return group


def _batches(bench: Workbench, handles: dict[str, list[PooledModule]]) -> Group:
    rows = _ROWS // 10 if bench.quick else _ROWS
    column = np.full(rows, _SHORT, np.uint64)
    title = f"a row of a batch of {rows:,}, in which the guest takes a microsecond"
    group = Group("pool-batch", title, _peers("one worker", handles))
    for executor, modules in handles.items():
        for name, module in zip(("one worker", "two workers"), modules, strict=True):
            names = {"work": module["work"], "column": column}
            group.add(
                statement(f"{name}, {executor}", "len(work.batch(column))", names, expected=rows, operations=rows)
            )
    return group


def _handing_over(handles: dict[str, list[PooledModule]]) -> Group:
    group = Group("pool-call", "a typed call: add(u32, u32) -> u32", _peers("engine", handles))
    for executor, (_, module) in handles.items():
        add = module["add"]
        names = {"add": add, "alone": add._functions[0]}
        group.add(statement(f"engine, {executor}", "alone(2, 3)", names, expected=5))
        group.add(statement(f"pool, {executor}", "add(2, 3)", names, expected=5))
        group.add(statement(f"pool, submitted, {executor}", "add.submit(2, 3).result()", names, expected=5))
    return group


def _peers(name: str, handles: dict[str, list[PooledModule]]) -> tuple[str, ...]:
    return tuple(f"{name}, {executor}" for executor in handles)
