"""Calls by guests of other guests and of Python. A guest repeats each call many times while it is called once."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Final
from uuid import UUID

from arora_core import Engine, Header, HostModule
from arora_core import values as v
from benchmarks import guests
from benchmarks.measure import Contender, Group, statement
from benchmarks.workbench import Workbench

TIMES: Final = 1000
"""The number of repetitions in one call of the guest: enough to make the cost of that call negligible."""

HOST_MODULE: Final = 0xFF
"""The number of the module whose functions are Python."""


def nested(bench: Workbench) -> Group:
    """Calls by a guest of another guest, on one executor and across two."""
    group = Group("nested", "a guest calls another guest: add(u32, u32)", ("wasmtime-py", "plain protocol"))
    engine = bench.engine()
    callers = bench.loaded(engine)
    callees = {each: bench.load(engine, each, 0x80 + number) for number, each in enumerate(bench.executors)}
    for (caller, calling), (callee, called) in product(callers.items(), callees.items()):
        names = {"ask": calling["ask"], "other": called.id}
        group.add(_repeated(f"{caller} to {callee}", f"ask(other, {TIMES})", names))
    with group.unless_missing("wasmtime-py"):
        from benchmarks.peers.bare_wasmtime import chained

        chain = chained(guests.wasm("bare").read_bytes())
        names = {"ask": chain.ask, "store": chain.store}
        group.add(_repeated("wasmtime-py", f"ask(store, {TIMES})", names))
    with group.unless_missing("plain protocol"):
        from benchmarks.peers.plain_protocol import PlainGuest

        executable = guests.wasm("bench").read_bytes()
        other = PlainGuest(executable)
        first = PlainGuest(executable, lambda module, function, argument: other.call(function, argument))
        group.add(_repeated("plain protocol", f"ask({TIMES})", {"ask": first.ask}))
    return group


def callback(bench: Workbench) -> Group:
    """Calls by a guest of a Python callable."""
    group = Group("callback", "a guest calls Python: a callable -> u64", ("wasmtime-py", "plain protocol", "Extism"))
    engine = bench.engine()
    one = engine.register_callable(lambda: v.U64(1))
    for executor, module in bench.loaded(engine).items():
        names = {"call_back": module["call_back"], "one": one}
        group.add(_repeated(f"callable, {executor}", f"call_back(one, {TIMES})", names))
    with group.unless_missing("wasmtime-py"):
        from benchmarks.peers.bare_wasmtime import bare

        instance = bare(guests.wasm("bare").read_bytes(), answer=lambda: 1)
        names = {"call_back": instance.call_back, "store": instance.store}
        group.add(_repeated("wasmtime-py", f"call_back(store, {TIMES})", names))
    with group.unless_missing("plain protocol"):
        from benchmarks.peers.plain_protocol import PlainGuest, one_in_python

        plain = PlainGuest(guests.wasm("bench").read_bytes(), indirect=one_in_python)
        group.add(_repeated("plain protocol", f"call_back({TIMES})", {"call_back": plain.call_back}))
    with group.unless_missing("Extism"):
        _add_extism(group)
    return group


def host_module(bench: Workbench) -> Group:
    """Calls by a guest of a function of a host module."""
    group = Group("host-module", "a guest calls Python: add(u32, u32) -> u32", ("wasmtime-py", "plain protocol"))
    engine = bench.engine()
    host = _host_module(engine)
    for executor, module in bench.loaded(engine).items():
        names = {"ask": module["ask"], "host": host}
        group.add(_repeated(f"host module, {executor}", f"ask(host, {TIMES})", names))
    with group.unless_missing("wasmtime-py"):
        from benchmarks.peers.bare_wasmtime import bare

        instance = bare(guests.wasm("bare").read_bytes(), add=lambda a, b: a + b)
        names = {"ask": instance.ask, "store": instance.store}
        group.add(_repeated("wasmtime-py", f"ask(store, {TIMES})", names))
    with group.unless_missing("plain protocol"):
        from benchmarks.peers.plain_protocol import PlainGuest, add_in_python

        plain = PlainGuest(guests.wasm("bench").read_bytes(), dispatch=add_in_python)
        group.add(_repeated("plain protocol", f"ask({TIMES})", {"ask": plain.ask}))
    return group


def _repeated(name: str, source: str, names: Mapping[str, object]) -> Contender:
    """Return a contender in which a guest makes ``TIMES`` calls and returns ``TIMES``."""
    return statement(name, source, names, expected=TIMES, operations=TIMES)


def _host_module(engine: Engine) -> UUID:
    data = guests.header("wasm", HOST_MODULE).to_data()
    exports = data["exports"]
    assert isinstance(exports, list)
    data.update(executor={"name": "host"}, exports=[each for each in exports if each["name"] == "add"])
    module = HostModule(Header.from_data(data))
    module.function("add")(lambda a, b: a + b)
    return engine.register(module).id


def _add_extism(group: Group) -> None:
    import extism

    def answer(plugin: object, inputs: object, outputs: list[extism.Val]) -> None:
        outputs[0].value = 1

    as_import = extism.host_fn(name="answer", namespace="host", signature=([], [extism.ValType.I64]))
    plugin = extism.Plugin(guests.wasm("extism_calling").read_bytes(), functions=[as_import(answer)])
    times = TIMES.to_bytes(8, "little")
    names = {"call": plugin.call, "times": times}
    group.add(statement("Extism", "call('call_back', times)", names, expected=times, operations=TIMES))
