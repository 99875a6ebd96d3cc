"""Calls of ``add(u32, u32)``: typed, generic, and with the peers."""

from __future__ import annotations

import ctypes
import os
import struct
from unittest.mock import patch

from arora_core import Call
from arora_core import values as v
from arora_core.runtime.accelerated_call import VARIABLE
from benchmarks import guests
from benchmarks.measure import Group, statement
from benchmarks.workbench import Workbench


def typed(bench: Workbench) -> Group:
    """The typed call, compared with other ways to add two numbers in a guest."""
    peers = ("wasmtime-py", "plain protocol", "Extism", "ctypes")
    group = Group("typed", "a typed call: add(u32, u32) -> u32", peers)
    for executor, module in bench.loaded(bench.engine()).items():
        group.add(statement(f"typed, {executor}", "add(2, 3)", {"add": module["add"]}, expected=5))
    _add_wasmtime(group)
    _add_extism(group)
    _add_ctypes(group)
    return group


def _add_wasmtime(group: Group) -> None:
    with group.unless_missing("wasmtime-py"):
        from benchmarks.peers.bare_wasmtime import bare

        instance = bare(guests.wasm("bare").read_bytes())
        names = {"add": instance.add, "store": instance.store}
        group.add(statement("wasmtime-py", "add(store, 2, 3)", names, expected=5))
    with group.unless_missing("plain protocol"):
        from benchmarks.peers.plain_protocol import PlainGuest

        plain = PlainGuest(guests.wasm("bench").read_bytes())
        group.add(statement("plain protocol", "add(2, 3)", {"add": plain.add}, expected=5))


def _add_extism(group: Group) -> None:
    with group.unless_missing("Extism"):
        import extism

        plugin = extism.Plugin(guests.wasm("extism").read_bytes())
        # Encoding and decoding the bytes is not timed: Extism leaves it to its users.
        names = {"call": plugin.call, "numbers": struct.pack("<II", 2, 3)}
        group.add(statement("Extism", "call('add', numbers)", names, expected=struct.pack("<Q", 5)))


def _add_ctypes(group: Group) -> None:
    with group.unless_missing("ctypes"):
        add = ctypes.CDLL(str(guests.native("bare"))).add
        add.argtypes, add.restype = (ctypes.c_uint32, ctypes.c_uint32), ctypes.c_uint32
        group.add(statement("ctypes", "add(2, 3)", {"add": add}, expected=5))


def accelerated(bench: Workbench) -> Group:
    """The typed call through the accelerator, compared with the same call in Python."""
    group = Group("accelerated", "a typed call by arora-accelerator: add(u32, u32) -> u32", ("typed, wasmtime",))
    engine = bench.engine()
    with group.unless_missing("accelerated, wasmtime"):
        import arora_accelerator  # noqa: F401 - the engine uses it

        with patch.dict(os.environ):
            for number, (name, value) in enumerate({"typed": "off", "accelerated": ""}.items(), 1):
                os.environ[VARIABLE] = value
                add = bench.load(engine, "wasmtime", number)["add"]
                # The first call decides.
                group.add(statement(f"{name}, wasmtime", "add(2, 3)", {"add": add}, expected=add(2, 3)))
    return group


def client(bench: Workbench) -> Group:
    """The typed call through a client that is generated from the header, compared with the plain handle."""
    peers = tuple(f"handle, {each}" for each in bench.executors)
    group = Group("client", "a typed call through a generated client: add(u32, u32) -> u32", peers)
    for executor, module in bench.loaded(bench.engine()).items():
        names = {"handle": module, "client": guests.client(module)}
        group.add(statement(f"client, {executor}", "client.add(2, 3)", names, expected=5))
        group.add(statement(f"handle, {executor}", "handle.add(2, 3)", names, expected=5))
    return group


def generic(bench: Workbench) -> Group:
    """The generic call, with a ``Call`` that is created beforehand and one that is created each time."""
    group = Group("generic", "a generic Call of the same function", tuple(f"typed, {each}" for each in bench.executors))
    engine = bench.engine()
    for executor, module in bench.loaded(engine).items():
        add = module["add"]
        made = Call(module_id=module.id, id=add.id, args={guests.A: v.U32(2), guests.B: v.U32(3)})
        names = {"add": add, "call": engine.call, "Call": Call, "made": made, "U32": v.U32}
        names.update(module=module.id, function=add.id, A=guests.A, B=guests.B)
        making = "call(Call(module_id=module, id=function, args={A: U32(2), B: U32(3)}))"
        result = engine.call(made)
        assert result.ret == v.U32(5)
        group.add(statement(f"typed, {executor}", "add(2, 3)", names, expected=5))
        group.add(statement(f"Call, {executor}", "call(made)", names, expected=result))
        group.add(statement(f"Call made each time, {executor}", making, names, expected=result))
    return group
