"""Batches: ``add(u32, u32)`` and the forward kinematics of an arm for many rows, compared with calls one by one."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from arora_core import Engine, ModuleDefinition, buffers
from arora_core import values as v
from arora_core.conformance.sample_rows import SampleRows, form_of
from arora_core.conformance.scripted_host import ScriptedHost
from arora_core.executor import Limits
from arora_core.header import Header
from benchmarks import guests
from benchmarks.measure import Group, statement
from benchmarks.workbench import Workbench
from examples import build

ROWS: Final = 100_000
QUICK_ROWS: Final = 2_000
_LOOPED: Final = 2_000
"""Rows of the contenders that make a call for each."""
_COUNTS: Final = (1, 10, 100, 1_000, 10_000, 100_000)


def batch(bench: Workbench) -> Iterator[Group]:
    """The groups of batches."""
    yield _many(bench)
    yield _one(bench)
    yield _by_rows(bench)
    yield _forward(bench)


def _columns(count: int) -> tuple[Any, Any]:
    a = np.arange(count, dtype=np.uint32)
    return a, a[::-1].copy()


def _many(bench: Workbench) -> Group:
    """A batch, a loop of typed calls, and what else applies a function to columns."""
    looped = tuple(f"typed calls, {each}" for each in bench.executors)
    peers = (*looped, "Extism", "wasmtime-py", "numpy.vectorize", "numpy.add")
    count = QUICK_ROWS if bench.quick else ROWS
    group = Group("batch", f"a row of a batch of {count} rows: add(u32, u32) -> u32", peers)
    a, b = _columns(count)
    pairs = list(zip(a.tolist(), b.tolist(), strict=True))[:_LOOPED]
    for executor, module in bench.loaded(bench.engine()).items():
        add = module["add"]
        assert (add.batch(a, b) == count - 1).all()
        group.add(
            statement(f"batch, {executor}", "batch(a, b)", {"batch": add.batch, "a": a, "b": b}, operations=count)
        )
        names = {"add": add, "pairs": pairs}
        group.add(statement(f"typed calls, {executor}", "[add(a, b) for a, b in pairs]", names, operations=len(pairs)))
    _add_peers(group, pairs)
    function = np.vectorize(lambda a, b: a + b, otypes=[np.uint32])
    names = {"function": function, "a": a, "b": b}
    group.add(statement("numpy.vectorize", "function(a, b)", names, operations=count))
    group.add(statement("numpy.add", "a + b", names, operations=count))
    return group


def _add_peers(group: Group, pairs: list[tuple[int, int]]) -> None:
    with group.unless_missing("Extism"):
        import extism

        plugin = extism.Plugin(guests.wasm("extism").read_bytes())
        names: dict[str, object] = {"call": plugin.call, "pack": struct.Struct("<II").pack, "pairs": pairs}
        group.add(statement("Extism", "[call('add', pack(a, b)) for a, b in pairs]", names, operations=len(pairs)))
    with group.unless_missing("wasmtime-py"):
        from benchmarks.peers.bare_wasmtime import bare

        instance = bare(guests.wasm("bare").read_bytes())
        names = {"add": instance.add, "store": instance.store, "pairs": pairs}
        group.add(statement("wasmtime-py", "[add(store, a, b) for a, b in pairs]", names, operations=len(pairs)))


def _one(bench: Workbench) -> Group:
    """A batch of one row, compared with a typed call."""
    group = Group("batch-one", "a batch of one row", tuple(f"typed, {each}" for each in bench.executors))
    a, b = _columns(1)
    for executor, module in bench.loaded(bench.engine()).items():
        names = {"add": module["add"], "batch": module["add"].batch, "a": a, "b": b}
        group.add(statement(f"typed, {executor}", "add(2, 3)", names, expected=5))
        group.add(statement(f"batch, {executor}", "batch(a, b)", names, expected=0))
    return group


def _by_rows(bench: Workbench) -> Group:
    """How the cost of a row depends on the number of rows."""
    largest = QUICK_ROWS if bench.quick else ROWS
    group = Group("batch-rows", "a row of batches of different size", ())
    module = bench.load(bench.engine(), bench.executors[0])
    for count in (each for each in _COUNTS if each <= largest):
        a, b = _columns(count)
        names = {"batch": module["add"].batch, "a": a, "b": b}
        group.add(statement(f"{count} rows, {bench.executors[0]}", "batch(a, b)", names, operations=count))
    return group


def _forward(bench: Workbench) -> Group:
    """The forward kinematics of the example ``ur5``, compared with the guest alone on the same number of rows."""
    count = QUICK_ROWS if bench.quick else ROWS
    peers = ("the guest alone", "typed calls, wasmtime")
    group = Group("batch-forward", f"forward(joints) of {count} poses on Wasmtime", peers)
    if "wasmtime" not in bench.executors:
        group.missing = dict.fromkeys(peers, "Wasmtime is not measured")
        return group
    path = build.EXAMPLES / "ur5" / "module.yaml"
    engine = bench.engine()
    forward = engine.load(path, executor="wasmtime")["forward"]
    joints = np.linspace(-3.0, 3.0, 6 * count).reshape(count, 6)
    names: dict[str, object] = {"batch": forward.batch, "joints": joints}
    group.add(statement("batch, wasmtime", "batch(joints)", names, operations=count))
    rows = [row.tolist() for row in joints[:_LOOPED]]
    names = {"forward": forward, "rows": rows}
    group.add(
        statement("typed calls, wasmtime", "[forward(row) for row in rows]", names, operations=min(count, _LOOPED))
    )
    definition = ModuleDefinition(Header.load(path), build.wasm_path("ur5").read_bytes())
    alone, run = _alone(bench, engine, definition, joints[0].tolist(), count)
    group.add(
        statement("the guest alone", "alone.done = 0; run(alone)", {"alone": alone, "run": run}, operations=count)
    )
    return group


def _alone(
    bench: Workbench, engine: Engine, definition: ModuleDefinition, joints: list[float], count: int
) -> tuple[SampleRows, Any]:
    """Return rows without a field, in which nothing is copied, and what calls them."""
    executor = engine.plugins.executors["wasmtime"].executor()
    bench.stack.callback(executor.close)
    instance = executor.load(definition, ScriptedHost(), Limits())
    bench.stack.callback(instance.close)
    export = definition.header.exports[0]
    argument = buffers.encode(v.Structure(export.id, [(export.parameters[0].id, v.ArrayF64(joints))]))
    result = instance.dispatch(export.id.bytes, argument)
    return SampleRows([argument] * count, [], form_of(result, [])), instance.batch(export.id.bytes)
