"""Calls of a component, compared with those of the same guest as a core module."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from arora_core import LoadedModule, discover
from arora_core.conformance.guests import component_guest, wasm_guest
from benchmarks.measure import Group, statement
from benchmarks.workbench import Workbench

COMPONENTS: Final = "wasmtime-component"
CORE: Final = "wasmtime"
_SIZE: Final = 8 << 20


def components(bench: Workbench) -> Iterator[Group]:
    """A small call and a large one, of the conformance guest in both forms."""
    installed = discover().executors.get(COMPONENTS)
    if installed is None or installed.executor.unavailable() is not None:
        return
    guests = {COMPONENTS: component_guest(), CORE: wasm_guest()}
    modules: dict[str, LoadedModule] = {
        executor: bench.engine().load_module(guest.definition(), executor=executor)
        for executor, guest in guests.items()
    }
    data = bytes(range(256)) * (_SIZE // 256)
    calls = Group("component", "a typed call of a component", (f"typed, {CORE}",))
    bulk = Group("component-bulk", "an echo of 8 MB by a component", (f"u8[] bytes, {CORE}",), payload=_SIZE)
    for executor, module in modules.items():
        calls.add(statement(f"typed, {executor}", "add(2, 3)", {"add": module["add"]}, expected=5))
        names = {"echo": module["echo_u8s"], "data": data}
        bulk.add(statement(f"u8[] bytes, {executor}", "echo(data)", names, expected=data))
    yield calls
    yield bulk
