"""Limits that are declared are enforced, and leave alone what stays below them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from time import perf_counter

from ... import buffers
from ... import values as v
from ...errors import LimitExceeded, MalformedExecutable, Trap
from ...executor import Capability, Limits
from ...header import ModuleDefinition
from ...wasm.guest_symbols import INITIALIZE, INITIALIZE_TYPE
from ..checking import check
from ..expecting import CheckSkipped, expect, expect_equal, expect_raises
from ..scripted_host import ScriptedHost
from ..subject import NO_LIMITS, Subject
from ..tiny_modules import ABI_EXPORTS, growing_table, tiny_module

_PAGE = 1 << 16
_ELEMENT = 8
"""Bytes that an element of a table takes (docs/executor-limits.md)."""
_MEMORY = [Capability.MEMORY_LIMIT]
_DEADLINE = [Capability.DEADLINE]
_FUEL = [Capability.FUEL]
# Not `spin`, which never returns: the check of an executor that does not stop the guest has to end, to report it.
_ENDLESS = 1 << 32
# Seconds. Long enough for a busy machine to load a module in, which counts too.
_SOON = 0.5
_LONG = 60 * 10**9
"""Nanoseconds. It ends, so that the check can report an executor that does not wake the guest."""


@check("limits", needs=_MEMORY, uses=["add", "hog", "pages"])
def memory_beyond_its_limit_is_refused_to_the_guest(subject: Subject) -> None:
    module = subject.load(limits=Limits(memory=64 * _PAGE))
    expect_equal(module.hog(100), False, "whether a guest limited to 64 pages got 100 more")
    expect(module.pages() <= 64, f"a guest limited to 64 pages has {module.pages()}")
    expect_equal(module.add(1, 2), 3, "add(1, 2) afterwards")


@check("limits", needs=_MEMORY, uses=["hog", "pages"])
def memory_up_to_its_limit_is_granted(subject: Subject) -> None:
    module = subject.load(limits=Limits(memory=64 * _PAGE))
    left = 64 - module.pages()
    expect_equal(module.hog(left), True, f"whether a guest limited to 64 pages got the {left} that were left")
    expect_equal(module.hog(1), False, "whether it got one more")


@check("limits", needs=_MEMORY, uses=[])
def a_module_that_begins_beyond_its_memory_limit_does_not_load(subject: Subject) -> None:
    expect_raises(
        LimitExceeded, partial(subject.load, limits=Limits(memory=_PAGE)), "loading with one page", limit="memory"
    )


@check("limits", needs=_MEMORY, uses=["hog"])
def a_memory_limit_holds_for_one_module_alone(subject: Subject) -> None:
    limited, free = subject.load(limits=Limits(memory=64 * _PAGE)), subject.load(1)
    expect_equal([limited.hog(100), free.hog(100)], [False, True], "whether the limited and the free one got 100 pages")


@check("limits", needs=_MEMORY, kind="wasm", uses=[])
def tables_count_as_memory(subject: Subject) -> None:
    # Elements take eight bytes: two tables of two pages together, besides the memory of the module.
    tables = [2 * _PAGE // _ELEMENT] * 2
    for pages, what in ((1, "less than its tables"), (4, "its tables and no memory")):
        load = partial(_load_tiny, subject, tiny_module(tables=tables), pages)
        expect_raises(LimitExceeded, load, f"loading a module with a memory limit of {what}", limit="memory")
    _load_tiny(subject, tiny_module(tables=tables), 8)


@check("limits", needs=[Capability.MEMORY_LIMIT, Capability.TRAPS], kind="wasm", uses=[])
def a_table_does_not_grow_beyond_the_memory_limit(subject: Subject) -> None:
    exports = {**ABI_EXPORTS, INITIALIZE: INITIALIZE_TYPE}
    module = tiny_module((), exports, tables=[1], bodies={INITIALIZE: growing_table(64 * _PAGE // _ELEMENT)})
    try:
        _load_tiny(subject, module, None)
    except MalformedExecutable:
        raise CheckSkipped("the runtime does not have the instruction that grows tables") from None
    except Trap:
        _load_tiny(subject, module, 8)
    else:
        raise CheckSkipped("the runtime does not let tables grow")


def _load_tiny(subject: Subject, executable: bytes, pages: int | None) -> None:
    """Load a module that exports nothing, with a memory limit of so many pages, on an executor without an engine."""
    definition = ModuleDefinition(replace(subject.guest.header(), exports=()), executable)
    limits = NO_LIMITS if pages is None else Limits(memory=pages * _PAGE)
    subject.new_executor().load(definition, ScriptedHost(), limits).close()


@check("limits", needs=_DEADLINE, uses=["add", "work"])
def a_call_is_stopped_after_its_deadline(subject: Subject) -> None:
    module = subject.load(limits=Limits(deadline=_SOON))
    began = perf_counter()
    expect_raises(LimitExceeded, partial(module.work, _ENDLESS), "work without an end", limit="deadline")
    took = perf_counter() - began
    expect(0.95 * _SOON < took < _SOON + 3, f"a call with a deadline of {_SOON} s was stopped after {took:.2f} s")
    expect_equal(module.add(1, 2), 3, "add(1, 2) afterwards")


@check("limits", needs=_DEADLINE, uses=["work"])
def a_call_within_its_deadline_is_left_alone(subject: Subject) -> None:
    module = subject.load(limits=Limits(deadline=20))
    expect_equal([module.work(1000) for _ in range(20)], [1000] * 20, "twenty short calls with a long deadline")


@check("limits", needs=_DEADLINE, uses=["add"])
def a_deadline_counts_one_call_and_not_its_predecessors(subject: Subject) -> None:
    module = subject.load(limits=Limits(deadline=_SOON))
    until = perf_counter() + 2 * _SOON
    while perf_counter() < until:
        expect_equal(module.add(1, 2), 3, "one of many short calls that together pass the deadline")


@check("limits", needs=_DEADLINE, uses=["add", "forward", "work"])
def a_deadline_inside_a_dispatch_is_an_error_to_the_caller(subject: Subject) -> None:
    caller, limited = subject.module, subject.load(1, limits=Limits(deadline=_SOON))
    answer = caller.forward(limited.id, subject.function_id("work"), subject.argument("work", v.U64(_ENDLESS)))
    expect(buffers.error_message(answer) is not None, f"expected an error buffer, the caller got {answer!r}")
    expect_equal([caller.add(1, 2), limited.add(1, 2)], [3, 3], "add(1, 2) of both afterwards")


@check("limits", needs=_DEADLINE, uses=["forward", "work"])
def a_called_module_has_until_the_deadline_of_its_caller(subject: Subject) -> None:
    caller = subject.load(limits=Limits(deadline=_SOON))
    called = subject.load(1, limits=Limits(deadline=5 * _SOON))
    began = perf_counter()
    expect_raises(
        LimitExceeded,
        partial(caller.forward, called.id, subject.function_id("work"), subject.argument("work", v.U64(_ENDLESS))),
        "a call of work without an end in another module",
        limit="deadline",
    )
    took = perf_counter() - began
    expect(took < 5 * _SOON, f"a call with a deadline of {_SOON} s was stopped after {took:.2f} s in another module")


@check("limits", needs=_DEADLINE, uses=["add", "sleep"])
def a_guest_that_sleeps_is_woken_at_its_deadline(subject: Subject) -> None:
    module = subject.load(limits=Limits(deadline=_SOON))
    began = perf_counter()
    expect_raises(LimitExceeded, partial(module.sleep, _LONG), "a sleep of a minute in poll_oneoff", limit="deadline")
    took = perf_counter() - began
    expect(0.95 * _SOON < took < _SOON + 3, f"a sleep with a deadline of {_SOON} s ended after {took:.2f} s")
    expect_equal(module.add(1, 2), 3, "add(1, 2) afterwards")


@check("limits", needs=_FUEL, uses=["add", "work"])
def a_call_is_stopped_when_its_fuel_is_spent(subject: Subject) -> None:
    module = subject.load(limits=Limits(fuel=1_000_000))
    expect_raises(LimitExceeded, partial(module.work, _ENDLESS), "work without an end", limit="fuel")
    expect_equal(module.add(1, 2), 3, "add(1, 2) afterwards")


@check("limits", needs=_FUEL, uses=["work"])
def fuel_is_filled_up_for_every_call(subject: Subject) -> None:
    module = subject.load(limits=Limits(fuel=1_000_000))
    expect_equal([module.work(20_000) for _ in range(50)], [20_000] * 50, "fifty calls that each use part of it")


@check("limits", needs=_FUEL, uses=["work"])
def the_same_call_uses_the_same_fuel(subject: Subject) -> None:
    def passes(fuel: int) -> bool:
        with subject.new_engine() as engine:
            module = subject.load(engine=engine, limits=Limits(fuel=fuel))
            try:
                return bool(module.work(1000))
            except LimitExceeded:
                return False

    low, high = 1, 1 << 20
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if passes(middle) else (middle, high)
    expect_equal(
        [passes(high - 1), passes(high)] * 3, [False, True] * 3, f"work(1000) on {high - 1} and {high} of fuel"
    )


@check("limits", needs=_FUEL, uses=["forward", "work"])
def a_called_module_has_the_fuel_that_its_caller_has_left(subject: Subject) -> None:
    caller, called = subject.load(limits=Limits(fuel=200_000)), subject.load(1, limits=Limits(fuel=1 << 40))
    dispatched = partial(caller.forward, called.id, subject.function_id("work"))
    expect(
        buffers.error_message(dispatched(subject.argument("work", v.U64(10)))) is None, "little work in another module"
    )
    expect_raises(
        LimitExceeded,
        partial(dispatched, subject.argument("work", v.U64(1_000_000))),
        "a call of much work in another module",
        limit="fuel",
    )
