"""A Dask cluster on this machine: what a second worker process adds to one."""

from __future__ import annotations

import logging
from typing import Final

from arora_core import Engine, discover
from arora_core.conformance import guest_for
from benchmarks.measure import Group, statement
from benchmarks.workbench import Workbench

_TASKS: Final = 8
_TURNS: Final = 40_000_000
"""Turns of the guest's loop in a task of tens of milliseconds."""


def dask(bench: Workbench) -> Group:
    """Tasks of a guest that computes, on one worker process and on two."""
    peers = ("one process, wasmtime",)
    group = Group("dask", f"{_TASKS} tasks of a guest that computes, on a Dask cluster", peers)
    if "wasmtime" not in bench.executors:
        group.missing = dict.fromkeys(peers, "Wasmtime is not measured")
        return group
    with group.unless_missing("two processes, wasmtime"):
        from distributed import Client, LocalCluster

        definition = guest_for(discover().executors["wasmtime"].executor).definition()
        work = bench.stack.enter_context(Engine()).load_module(definition, executor="wasmtime")["work"]
        turns = _TURNS // 100 if bench.quick else _TURNS
        for count, name in ((1, "one process"), (2, "two processes")):
            options = {"n_workers": count, "threads_per_worker": 1, "dashboard_address": ":0"}
            cluster = bench.stack.enter_context(LocalCluster(**options, silence_logs=logging.ERROR))
            client = bench.stack.enter_context(Client(cluster))
            names = {"client": client, "work": work, "given": [turns] * _TASKS}
            # Dask keeps results by what is called with what: pure=False calls again.
            source = "client.gather(client.map(work, given, pure=False))"
            group.add(statement(f"{name}, wasmtime", source, names, expected=[turns] * _TASKS))
    return group
