"""Calls out of guests: to other guests, and to Python. Each is made many times in one call of the guest."""

from __future__ import annotations

from itertools import product
from typing import Final

from arora_core import Engine, Header, HostModule
from arora_core import values as v
from benchmarks import guests
from benchmarks.measure import Group, statement
from benchmarks.workbench import Workbench

TIMES: Final = 1000
"""How often a guest calls out while it is called once: enough that the one call does not count."""

HOST_MODULE: Final = 0xFF
"""The number of the module whose functions are Python."""


def nested(bench: Workbench) -> Group:
    """Dispatch from guest to guest, on one executor and across two."""
    group = Group("nested", "a guest calls another guest: add(u32, u32)", ("wasmtime-py", "plain protocol"))
    engine = bench.engine()
    callers = bench.loaded(engine)
    callees = {each: bench.load(engine, each, 0x80 + number) for number, each in enumerate(bench.executors)}
    for (caller, asking), (callee, asked) in product(callers.items(), callees.items()):
        names = {"ask": asking["ask"], "other": asked.id}
        source = f"ask(other, {TIMES})"
        group.add(statement(f"{caller} to {callee}", source, names, answer=TIMES, operations=TIMES))
    with group.unless_missing("wasmtime-py"):
        from benchmarks.peers.bare_wasmtime import chained

        chain = chained(guests.wasm("bare").read_bytes())
        names = {"ask": chain.ask, "store": chain.store}
        group.add(statement("wasmtime-py", f"ask(store, {TIMES})", names, answer=TIMES, operations=TIMES))
    with group.unless_missing("plain protocol"):
        from benchmarks.peers.plain_protocol import PlainGuest

        executable = guests.wasm("bench").read_bytes()
        other = PlainGuest(executable)
        first = PlainGuest(executable, lambda module, function, argument: other.call(function, argument))
        group.add(statement("plain protocol", f"ask({TIMES})", {"ask": first.ask}, answer=TIMES, operations=TIMES))
    return group


def callback(bench: Workbench) -> Group:
    """From a guest to Python and back: a registered callable, and a function of a host module."""
    group = Group(
        "callback",
        "a guest calls Python: a callable -> u64, and add(u32, u32) -> u32",
        ("wasmtime-py callable", "wasmtime-py add", "plain protocol callable", "Extism callable"),
    )
    engine = bench.engine()
    one = engine.register_callable(lambda: v.U64(1))
    host = _host_module(engine)
    for executor, module in bench.loaded(engine).items():
        back, ask = {"call_back": module["call_back"], "one": one}, {"ask": module["ask"], "host": host}
        source = f"call_back(one, {TIMES})"
        group.add(statement(f"callable, {executor}", source, back, answer=TIMES, operations=TIMES))
        source = f"ask(host, {TIMES})"
        group.add(statement(f"host module's add, {executor}", source, ask, answer=TIMES, operations=TIMES))
    _add_wasmtime(group)
    _add_extism(group)
    return group


def _host_module(engine: Engine) -> object:
    data = guests.header("wasm", HOST_MODULE).to_data()
    exports = data["exports"]
    assert isinstance(exports, list)
    data.update(executor={"name": "host"}, exports=[each for each in exports if each["name"] == "add"])
    module = HostModule(Header.from_data(data))
    module.function("add")(lambda a, b: a + b)
    return engine.register(module).id


def _add_wasmtime(group: Group) -> None:
    with group.unless_missing("wasmtime-py callable"):
        from benchmarks.peers.bare_wasmtime import bare
        from benchmarks.peers.plain_protocol import PlainGuest

        instance = bare(guests.wasm("bare").read_bytes())
        names = {"ask": instance.ask, "call_back": instance.call_back, "store": instance.store}
        source = f"call_back(store, {TIMES})"
        group.add(statement("wasmtime-py callable", source, names, answer=TIMES, operations=TIMES))
        source = f"ask(store, {TIMES})"
        group.add(statement("wasmtime-py add", source, names, answer=TIMES, operations=TIMES))
        plain = {"call_back": PlainGuest(guests.wasm("bench").read_bytes()).call_back}
        source = f"call_back({TIMES})"
        group.add(statement("plain protocol callable", source, plain, answer=TIMES, operations=TIMES))


def _add_extism(group: Group) -> None:
    with group.unless_missing("Extism callable"):
        import extism

        def answer(plugin: object, inputs: object, outputs: list[extism.Val]) -> None:
            outputs[0].value = 1

        as_import = extism.host_fn(name="answer", namespace="host", signature=([], [extism.ValType.I64]))
        plugin = extism.Plugin(guests.wasm("extism_calling").read_bytes(), functions=[as_import(answer)])
        names = {"call": plugin.call, "times": TIMES.to_bytes(8, "little")}
        expected = TIMES.to_bytes(8, "little")
        source = "call('call_back', times)"
        group.add(statement("Extism callable", source, names, answer=expected, operations=TIMES))
