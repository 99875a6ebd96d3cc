"""Loading, replacing, unloading and closing."""

from __future__ import annotations

import asyncio
import gc
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from ... import values as v
from ...errors import EngineClosed, LoadError, MalformedExecutable, ModuleNotFound, Trap, TrapKind
from ...executor import Capability, Executor, Limits
from ...guest_symbols import INITIALIZE, INITIALIZE_TYPE
from ...header import ModuleDefinition
from ..checking import check
from ..expecting import CheckFailed, expect, expect_equal, expect_raises
from ..life import Life, lives
from ..scripted_host import ScriptedHost
from ..subject import Subject
from ..tiny_modules import ABI_EXPORTS, tiny_module


@check("life_cycle")
def an_executor_can_be_made_and_closed_without_a_module(subject: Subject) -> None:
    executor = subject.executor()
    executor.close()
    executor.close()


@check("life_cycle")
def the_executor_says_what_it_is(subject: Subject) -> None:
    executor = subject.executor
    expect(bool(executor.name) and executor.name == executor.name.strip(), f"its name is {executor.name!r}")
    expect(bool(executor.serves), "it serves nothing")
    expect_equal(executor.unavailable(), None, "unavailable(), where it has just run")
    version = executor.version()
    expect(version is None or isinstance(version, str), f"version() answers {version!r}, expected text or None")


@check("life_cycle", uses=["initialised"])
def initialize_is_called_once_and_first(subject: Subject) -> None:
    expect_equal([subject.module.initialised() for _ in range(2)], [1, 1], "how often _initialize was called")


@check("life_cycle", needs=[Capability.TRAPS], kind="wasm")
def a_guest_that_crashes_while_it_starts_is_a_trap(subject: Subject) -> None:
    exports = {**ABI_EXPORTS, INITIALIZE: INITIALIZE_TYPE}
    definition = ModuleDefinition(replace(subject.guest.header(), exports=()), tiny_module((), exports))
    run = partial(subject.engine.load_module, definition, executor=subject.executor.name)
    expect_raises(Trap, run, "loading a module whose _initialize is unreachable", kind=TrapKind.UNREACHABLE)
    expect_equal(subject.module.add(1, 2), 3, "add(1, 2) of the module loaded in its place")


def _prepare(executor: Executor, definition: ModuleDefinition) -> None:
    # In a thread of its own, because the one this runs in may have an event loop already.
    with ThreadPoolExecutor(1) as aside:
        aside.submit(asyncio.run, executor.prepare(definition)).result()


@check("life_cycle")
def a_prepared_module_loads_as_any_other(subject: Subject) -> None:
    executor = subject.new_executor()
    definition = subject.guest.definition()
    _prepare(executor, definition)
    _prepare(executor, definition)
    for which in ("the first", "the second"):
        instance = executor.load(subject.guest.definition(), ScriptedHost(), Limits())
        answer = instance.dispatch(subject.function_id("count").bytes, subject.argument("count"))
        instance.close()
        expect_equal(answer, subject.answered("count", v.U32(1)), f"count() of {which} instance of a prepared module")


@check("life_cycle")
def what_was_prepared_is_not_taken_for_another_module(subject: Subject) -> None:
    executor = subject.new_executor()
    _prepare(executor, subject.guest.definition())
    another = ModuleDefinition(subject.guest.header(), b"another executable")
    what = "loading what is no executable, after another module of its id was prepared"
    expect_raises(MalformedExecutable, lambda: executor.load(another, ScriptedHost(), Limits()), what)


@check("life_cycle")
def preparing_what_is_no_executable_is_refused_as_by_load_or_left_to_it(subject: Subject) -> None:
    executor = subject.new_executor()
    malformed = ModuleDefinition(subject.guest.header(), b"not an executable at all")
    try:
        _prepare(executor, malformed)
    except MalformedExecutable:
        pass
    except Exception as other:
        raise CheckFailed(f"prepare: expected MalformedExecutable, or nothing, it raised {other!r}") from other
    expect_raises(MalformedExecutable, lambda: executor.load(malformed, ScriptedHost(), Limits()), "loading it")
    executor.load(subject.guest.definition(), ScriptedHost(), Limits()).close()


@check("life_cycle")
def an_instance_can_be_closed_twice(subject: Subject) -> None:
    instance = subject.instance(ScriptedHost())
    instance.close()
    instance.close()


@check("life_cycle")
def a_closed_instance_refuses_calls(subject: Subject) -> None:
    instance, id = subject.instance(ScriptedHost()), subject.function_id("add").bytes
    argument, bound = subject.argument("add", v.U32(1), v.U32(2)), instance.function(id)
    bound(argument)
    instance.close()
    expect_raises(EngineClosed, lambda: instance.dispatch(id, argument), "dispatch of a closed instance")
    expect_raises(EngineClosed, lambda: bound(argument), "a bound function of a closed instance")


@check("life_cycle")
def an_unloaded_module_is_not_found(subject: Subject) -> None:
    module = subject.module
    subject.engine.unload(module)
    expect_raises(ModuleNotFound, partial(module.add, 1, 2), "a call of an unloaded module")


@check("life_cycle")
def a_replaced_module_gives_way_to_the_new_one(subject: Subject) -> None:
    old = subject.load()
    old.exchange(3)
    expect_raises(LoadError, subject.load, "loading the same module twice")
    new = subject.load(replace=True)
    expect_equal(new.exchange(0), 0, "what the new one remembers of the old one")
    expect_raises(ModuleNotFound, partial(old.add, 1, 2), "a call of the replaced module")


@check("life_cycle")
def a_closed_engine_refuses_calls(subject: Subject) -> None:
    module = subject.module
    subject.engine.close()
    expect_raises(EngineClosed, partial(module.add, 1, 2), "a call after the engine was closed")


@check("life_cycle")
def one_module_outlives_another(subject: Subject) -> None:
    kept, gone = subject.load(0), subject.load(1)
    kept.exchange(4)
    subject.engine.unload(gone)
    expect_equal([kept.exchange(0), kept.add(1, 2)], [4, 3], "a module after another one was unloaded")


@check("life_cycle")
def many_modules_live_side_by_side(subject: Subject) -> None:
    modules = [subject.load(number) for number in range(20)]
    for number, module in enumerate(modules):
        module.exchange(number)
    expect_equal([each.exchange(0) for each in modules], list(range(20)), "what twenty modules kept")


@check("life_cycle")
def a_module_without_limits_loads_with_none_given(subject: Subject) -> None:
    module = subject.load(limits=Limits())
    expect_equal(module.add(1, 2), 3, "add(1, 2) of a module loaded with no limit set")


@check("life_cycle")
def a_closed_instance_is_let_go_of(subject: Subject) -> None:
    instance = subject.executor().load(subject.guest.definition(), host := ScriptedHost(), Limits())
    instance.dispatch(subject.function_id("nothing").bytes, subject.argument("nothing"))
    instance.close()
    kept = weakref.ref(host)
    del instance, host
    gc.collect()
    expect(kept() is None, "the host of a closed instance is still referred to")


@check("life_cycle")
def any_sequence_of_loads_calls_crashes_and_unloads_does_what_it_should(subject: Subject) -> None:
    subject.for_all(lives(subject.capabilities), partial(Life.lived, subject), examples=subject.examples // 2)
