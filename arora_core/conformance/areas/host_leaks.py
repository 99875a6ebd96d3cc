"""What the host keeps of calls, failures and modules after they have ended."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from functools import partial
from itertools import pairwise

from ... import values as v
from ...errors import GuestError, LoadError, Trap
from ...executor import Capability, Executor
from ...header import ExportedFunction, Header, ModuleDefinition
from ...types import TYPE_IDS, ScalarRef
from ..checking import check
from ..expecting import CheckFailed, CheckSkipped, expect, expect_raises
from ..guests import Guest, id_of
from ..measuring import TRIES, descriptors, python_growth, resident_memory, threads
from ..scripted_host import ScriptedHost
from ..subject import NO_LIMITS, Subject

_CALLS = 40
_LOADS = 24
_ROUND = 5
_LARGE = 70_000
_LARGE_CALLS = 12
_NOTICEABLE = 8 << 20
_PER_CALL = 24
"""Bytes: less than the smallest Python object that a call could leave in a list."""


class _Header(Header):
    """A header that can be referred to weakly."""


class _Bug(Exception):
    """A bug in host code."""


@check("host_leaks", uses=["echo_str", "echo_u8s", "fail", "forward", "indirect"])
def a_call_leaves_nothing_in_the_memory_of_the_host(subject: Subject) -> None:
    module, times = subject.module, subject.times(_CALLS)
    callable = subject.engine.register_callable(lambda: v.String("y" * 50))
    inner, large = subject.argument("echo_str", v.String("x" * 50)), bytes(subject.up_to(_LARGE))
    raising = subject.engine.register_callable(_raise)
    calls: dict[str, Callable[[], object]] = {
        "a call": partial(module.echo_str, "x" * 50),
        "a large call": partial(module.echo_u8s, large),
        "a call that fails": partial(expect_raises, GuestError, partial(module.fail, "x" * 50), "fail"),
        "an exception of the host": partial(expect_raises, _Bug, partial(module.indirect, raising), "indirect"),
        "a dispatch": partial(module.forward, module.id, subject.function_id("echo_str"), inner),
        "a call of a callable": partial(module.indirect, callable),
    }
    _leave_nothing(calls, times)


@check("host_leaks", needs=[Capability.TRAPS], uses=["crash"])
def a_trap_leaves_nothing_in_the_memory_of_the_host(subject: Subject) -> None:
    crash = partial(expect_raises, Trap, partial(subject.module.crash, 0), "crash(0)")
    _leave_nothing({"a trap": crash}, subject.times(_CALLS))


def _leave_nothing(calls: Mapping[str, Callable[[], object]], times: int) -> None:
    for what, call in calls.items():
        grown = python_growth(call, times)
        expect(grown < _PER_CALL * times, f"{what} leaves {grown / times:.0f} bytes of Python objects behind each time")


def _raise() -> v.Value:
    raise _Bug


@check("host_leaks", uses=["echo_u8s"])
def a_large_call_leaves_nothing_in_the_memory_of_the_process(subject: Subject) -> None:
    # Also what is no Python object: memory that a runtime allocates for a call.
    module, data, times = subject.module, bytes(subject.up_to(1 << 20)), subject.times(_LARGE_CALLS)
    if len(data) * times < _NOTICEABLE:
        raise CheckSkipped("the growth of the process shows only with larger buffers or more examples")

    def run() -> int:
        for _ in range(times):
            module.echo_u8s(data)
        return resident_memory()

    sizes = [run() for _ in range(TRIES + 1)]
    grown = min(after - before for before, after in pairwise(sizes))
    what = f"{times} calls with {len(data)} bytes each make the process grow by {grown} bytes"
    expect(grown < len(data) * times // 2, what)


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
    kept = [_reference_to_exception(call, kind, what) for _ in range(TRIES)]
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
    executor = subject.new_executor()
    for what, definition in _failing(subject).items():
        kept = _failed_load(partial(executor.load, definition), what)
        gc.collect()
        expect(kept() is None, f"the host of a failed load is still referenced: {what}")


def _failing(subject: Subject) -> Mapping[str, ModuleDefinition]:
    """Return definitions that no executor loads, by what they are."""
    guest = subject.guest
    failing = {"bytes that are not an executable": ModuleDefinition(guest.header(), b"nothing")}
    if guest.lists_functions:
        promised = ExportedFunction(id_of(0xFE00), "promised", (), ScalarRef(TYPE_IDS["unit"]))
        what = "a header that lists a function the executable lacks"
        failing[what] = replace(guest.definition(), header=guest.header(also=[promised]))
    return failing


def _failed_load(load: Callable[..., object], what: str) -> weakref.ReferenceType[ScriptedHost]:
    host = ScriptedHost()
    expect_raises(LoadError, lambda: load(host, NO_LIMITS), f"loading {what}")
    return weakref.ref(host)


@check("host_leaks", uses=["nothing"])
def loading_and_closing_leaves_no_descriptor_open(subject: Subject) -> None:
    executor, definition = subject.new_executor(), subject.guest.definition()
    failing = _failing(subject)

    def load() -> None:
        executor.load(definition, ScriptedHost(), NO_LIMITS).close()
        for what, refused in failing.items():
            expect_raises(LoadError, partial(executor.load, refused, ScriptedHost(), NO_LIMITS), f"loading {what}")

    _settles(descriptors, load, "open descriptors")


@check("host_leaks", uses=["nothing"])
def loading_and_closing_leaves_no_thread_running(subject: Subject) -> None:
    executor, definition = subject.new_executor(), subject.guest.definition()
    _settles(threads, lambda: executor.load(definition, ScriptedHost(), NO_LIMITS).close(), "threads")


def _settles(count: Callable[[], int], load: Callable[[], None], what: str) -> None:
    """Raise CheckFailed if there is more of something after each of several rounds of loads."""
    load()
    for _ in range(TRIES):
        before = count()
        for _ in range(_ROUND):
            load()
        gc.collect()
        more = count() - before
        if more <= 0:
            return
    raise CheckFailed(f"the process has {more} more {what} after {_ROUND} loads, each closed")
