"""Bulk data: echoes of 8 MB, compared with copying memory on this machine."""

from __future__ import annotations

import ctypes
from array import array
from typing import Final

from arora_core import LoadedModule
from benchmarks import guests
from benchmarks.measure import Group, statement
from benchmarks.workbench import Workbench

COUNT: Final = 1_000_000
"""The number of items, each of 8 bytes."""


def bulk(bench: Workbench) -> Group:
    """Echo arrays. The rate counts the payload once; the comparable work of memcpy is one copy there and one back."""
    peers = ("memcpy", "memcpy there and back", "plain protocol", "Extism")
    group = Group("bulk", "an echo of 8 MB (its rate counts them once)", peers, payload=8 * COUNT)
    numbers = array("d", range(COUNT))
    _add_copies(group, numbers)
    for executor, module in bench.loaded(bench.engine()).items():
        _add_echoes(group, executor, module, numbers)
    with group.unless_missing("plain protocol"):
        from benchmarks.peers.plain_protocol import PlainGuest

        plain = PlainGuest(guests.wasm("bench").read_bytes())
        names = {"echo": plain.echo, "numbers": numbers}
        group.add(statement("plain protocol", "echo(numbers)", names, expected=numbers))
    with group.unless_missing("Extism"):
        import extism

        plugin = extism.Plugin(guests.wasm("extism").read_bytes())
        octets = numbers.tobytes()
        group.add(statement("Extism", "call('echo', octets)", {"call": plugin.call, "octets": octets}, expected=octets))
    return group


def _add_copies(group: Group, numbers: array[float]) -> None:
    size = len(numbers) * numbers.itemsize
    target = array("d", bytes(size))
    names = {"memmove": ctypes.memmove, "to": target.buffer_info()[0], "at": numbers.buffer_info()[0], "size": size}
    # Copies into existing memory. Functions that return a new object have to allocate it as well.
    group.add(statement("memcpy", "memmove(to, at, size)", {**names, "keep": target}))
    there_and_back = "memmove(to, at, size); memmove(at, to, size)"
    group.add(statement("memcpy there and back", there_and_back, {**names, "keep": target}))
    view, into = memoryview(numbers).cast("B"), memoryview(target).cast("B")
    group.add(statement("memoryview to memoryview", "into[:] = view", {"view": view, "into": into}))
    group.add(statement("a new array.array", "numbers[:]", {"numbers": numbers}, expected=numbers))
    with group.unless_missing("a new NumPy array"):
        import numpy

        group.add(statement("a new NumPy array", "items.copy()", {"items": numpy.array(numbers)}))


def _add_echoes(group: Group, executor: str, module: LoadedModule, numbers: array[float]) -> None:
    names = {"echo": module["echo"], "echo_bytes": module["echo_bytes"], "numbers": numbers}
    names["octets"] = octets = numbers.tobytes()
    group.add(statement(f"f64[] array.array, {executor}", "echo(numbers)", names, expected=numbers))
    with group.unless_missing(f"f64[] NumPy, {executor}"):
        import numpy

        items = numpy.frombuffer(octets)
        assert numpy.array_equal(numpy.frombuffer(module["echo"](items)), items)
        names.update(items=items, frombuffer=numpy.frombuffer)
        group.add(statement(f"f64[] NumPy, {executor}", "frombuffer(echo(items))", names))
    group.add(statement(f"u8[] bytes, {executor}", "echo_bytes(octets)", names, expected=octets))
