"""What the host keeps of calls, failures and modules after they have ended."""

from __future__ import annotations

import gc
import os
import sys
import tracemalloc
import weakref
from collections.abc import Callable
from dataclasses import fields, replace
from functools import partial
from itertools import pairwise
from pathlib import Path

from ... import values as v
from ...errors import LoadError, Trap
from ...executor import Capability, Executor
from ...header import ExportedFunction, Header, ModuleDefinition
from ...types import TYPE_IDS, ScalarRef
from ..checking import check
from ..expecting import CheckFailed, CheckSkipped, expect, expect_raises
from ..guests import Guest, id_of
from ..scripted_host import ScriptedHost
from ..subject import NO_LIMITS, Subject

_CALLS = 100
_LOADS = 24
_TRIES = 3
"""Attempts of a measurement: other things in the process may allocate once, a leak does so every time."""
_PER_CALL = 24
"""Bytes: less than the smallest Python object that a call could leave in a list."""
_DESCRIPTORS = (Path("/proc/self/fd"), Path("/dev/fd"))


class _Header(Header):
    """A header that can be referred to weakly."""


class _Bug(Exception):
    """A bug in host code."""


@check("host_leaks", uses=["echo_str", "forward", "indirect"])
def a_call_leaves_nothing_in_the_memory_of_the_host(subject: Subject) -> None:
    module, times = subject.module, subject.times(_CALLS)
    callable = subject.engine.register_callable(lambda: v.String("y" * 50))
    inner = subject.argument("echo_str", v.String("x" * 50))
    calls: dict[str, Callable[[], object]] = {
        "a call": partial(module.echo_str, "x" * 50),
        "a dispatch": partial(module.forward, module.id, subject.function_id("echo_str"), inner),
        "a call of a callable": partial(module.indirect, callable),
    }
    for what, call in calls.items():
        grown = _growth(call, times)
        expect(grown < _PER_CALL * times, f"{what} leaves {grown / times:.0f} bytes of Python objects behind each time")


def _growth(call: Callable[[], object], times: int) -> int:
    """Return by how many bytes Python's objects grow over some calls: the least of several measurements."""

    def run() -> int:
        for _ in range(times):
            call()
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    started = not tracemalloc.is_tracing()
    if started:
        tracemalloc.start()
    try:
        sizes = [run() for _ in range(_TRIES + 1)]
    finally:
        if started:
            tracemalloc.stop()
    return min(after - before for before, after in pairwise(sizes))


@check("host_leaks", uses=["indirect"])
def an_exception_of_the_host_is_not_kept(subject: Subject) -> None:
    def fail() -> v.Value:
        raise _Bug

    call = partial(subject.module.indirect, subject.engine.register_callable(fail))
    _require_forgotten(call, _Bug, "an exception of the host")


@check("host_leaks", needs=[Capability.TRAPS], uses=["crash"])
def a_trap_is_not_kept(subject: Subject) -> None:
    _require_forgotten(partial(subject.module.crash, 0), Trap, "a trap")


def _require_forgotten(call: Callable[[], object], kind: type[Exception], what: str) -> None:
    kept = [_reference_to_exception(call, kind, what) for _ in range(_TRIES)]
    gc.collect()
    # Some runtimes keep the last one until the next.
    alive = sum(each() is not None for each in kept)
    expect(alive <= 1, f"{alive} of {len(kept)} exceptions are kept after their calls: {what}")


def _reference_to_exception(
    call: Callable[[], object], kind: type[Exception], what: str
) -> weakref.ReferenceType[Exception]:
    return weakref.ref(expect_raises(kind, call, what))


@check("host_leaks", uses=["nothing"])
def a_closed_instance_leaves_its_definition_alone(subject: Subject) -> None:
    executor, guest = subject.new_executor(), subject.guest
    loads = max(6, subject.times(_LOADS))
    before = sys.getrefcount(guest.executable)
    kept = [_reference_to_header(executor, guest, number) for number in range(loads)]
    gc.collect()
    more = {
        "headers": sum(reference() is not None for reference in kept),
        "executables": sys.getrefcount(guest.executable) - before,
    }
    for what, count in more.items():
        # A cache may keep the last few, and the executable that all of them share.
        expect(
            count <= loads // 2, f"the {what} of {count} of {loads} modules are kept after their instances were closed"
        )


def _reference_to_header(executor: Executor, guest: Guest, number: int) -> weakref.ReferenceType[Header]:
    header = guest.header(number)
    header = _Header(**{each.name: getattr(header, each.name) for each in fields(header)})
    executor.load(ModuleDefinition(header, guest.executable), ScriptedHost(), NO_LIMITS).close()
    return weakref.ref(header)


@check("host_leaks", uses=["nothing"])
def the_host_of_a_module_that_fails_to_load_is_let_go_of(subject: Subject) -> None:
    executor, guest = subject.new_executor(), subject.guest
    promised = ExportedFunction(id_of(0xFE00), "promised", (), ScalarRef(TYPE_IDS["unit"]))
    failing = {
        "bytes that are not an executable": ModuleDefinition(guest.header(), b"nothing"),
        "a header that lists a function the executable lacks": replace(
            guest.definition(), header=guest.header(also=[promised])
        ),
    }
    for what, definition in failing.items():
        kept = _failed_load(partial(executor.load, definition), what)
        gc.collect()
        expect(kept() is None, f"the host of a failed load is still referenced: {what}")


def _failed_load(load: Callable[..., object], what: str) -> weakref.ReferenceType[ScriptedHost]:
    host = ScriptedHost()
    expect_raises(LoadError, lambda: load(host, NO_LIMITS), f"loading {what}")
    return weakref.ref(host)


@check("host_leaks", uses=["nothing"])
def loading_and_closing_leaves_no_descriptor_open(subject: Subject) -> None:
    executor, definition = subject.new_executor(), subject.guest.definition()

    def load() -> None:
        executor.load(definition, ScriptedHost(), NO_LIMITS).close()
        malformed = ModuleDefinition(definition.header, b"nothing")
        expect_raises(LoadError, partial(executor.load, malformed, ScriptedHost(), NO_LIMITS), "loading no executable")

    load()
    for _ in range(_TRIES):
        before = _descriptors()
        for _ in range(5):
            load()
        gc.collect()
        more = _descriptors() - before
        if more <= 0:
            return
    raise CheckFailed(f"the process has {more} more open descriptors after 5 loads, each closed, and 5 that failed")


def _descriptors() -> int:
    for directory in _DESCRIPTORS:
        if directory.is_dir():
            return len(os.listdir(directory))
    raise CheckSkipped("the open descriptors of a process are only known on Linux and macOS")
