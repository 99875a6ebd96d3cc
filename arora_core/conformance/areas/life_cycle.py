"""Replacing, unloading and closing, one at a time and in any order."""

from __future__ import annotations

import gc
import weakref
from functools import partial

from ... import values as v
from ...errors import EngineClosed, LoadError, ModuleNotFound
from ...executor import Limits
from ..checking import check
from ..expecting import CheckFailed, expect, expect_equal, expect_raises
from ..machine import run_life_cycles
from ..scripted_host import ScriptedHost
from ..subject import Subject


@check("life_cycle", uses=[])
def an_executor_can_be_made_and_closed_without_a_module(subject: Subject) -> None:
    executor = subject.executor()
    executor.close()
    executor.close()


@check("life_cycle", uses=[])
def the_executor_says_what_it_is(subject: Subject) -> None:
    executor = subject.executor
    expect(
        bool(executor.name) and executor.name == executor.name.strip(),
        f"its name is empty or has spaces around it: {executor.name!r}",
    )
    expect(bool(executor.serves), "`serves` is empty")
    try:
        reason, version = executor.unavailable(), executor.version()
    except Exception as error:
        raise CheckFailed(f"unavailable() or version() raised {type(error).__name__}: {error}") from error
    expect_equal(reason, None, "unavailable() of an executor that has just run")
    expect(version is None or isinstance(version, str), f"version(): expected a str or None, got {version!r}")


@check("life_cycle", uses=[])
def an_instance_can_be_closed_twice(subject: Subject) -> None:
    instance = subject.instance(ScriptedHost())
    instance.close()
    instance.close()


@check("life_cycle", uses=["add"])
def a_closed_instance_refuses_calls(subject: Subject) -> None:
    instance, id = subject.instance(ScriptedHost()), subject.function_id("add").bytes
    argument, bound = subject.argument("add", v.U32(1), v.U32(2)), instance.function(id)
    bound(argument)
    instance.close()
    expect_raises(EngineClosed, lambda: instance.dispatch(id, argument), "dispatch of a closed instance")
    expect_raises(EngineClosed, lambda: bound(argument), "a bound function of a closed instance")


@check("life_cycle", uses=["add"])
def an_unloaded_module_is_not_found(subject: Subject) -> None:
    module = subject.module
    subject.engine.unload(module)
    expect_raises(ModuleNotFound, partial(module.add, 1, 2), "a call of an unloaded module")


@check("life_cycle", uses=["add", "exchange"])
def a_replaced_module_gives_way_to_the_new_one(subject: Subject) -> None:
    old = subject.load()
    old.exchange(3)
    expect_raises(LoadError, subject.load, "loading the same module twice")
    new = subject.load(replace=True)
    expect_equal(new.exchange(0), 0, "the value that the new module keeps")
    expect_raises(ModuleNotFound, partial(old.add, 1, 2), "a call of the replaced module")


@check("life_cycle", uses=["add"])
def a_closed_engine_refuses_calls(subject: Subject) -> None:
    module = subject.module
    subject.engine.close()
    expect_raises(EngineClosed, partial(module.add, 1, 2), "a call after the engine was closed")


@check("life_cycle", uses=["add", "exchange"])
def one_module_outlives_another(subject: Subject) -> None:
    kept, gone = subject.load(0), subject.load(1)
    kept.exchange(4)
    subject.engine.unload(gone)
    expect_equal([kept.exchange(0), kept.add(1, 2)], [4, 3], "a module after another one was unloaded")


@check("life_cycle", uses=["exchange"])
def many_modules_live_side_by_side(subject: Subject) -> None:
    modules = [subject.load(number) for number in range(20)]
    for number, module in enumerate(modules):
        module.exchange(number)
    expect_equal([each.exchange(0) for each in modules], list(range(20)), "the values that twenty modules keep")


@check("life_cycle", uses=["add"])
def a_module_without_limits_loads_with_none_given(subject: Subject) -> None:
    module = subject.load(limits=Limits())
    expect_equal(module.add(1, 2), 3, "add(1, 2) of a module loaded with no limit set")


@check("life_cycle", uses=["nothing"])
def a_closed_instance_is_let_go_of(subject: Subject) -> None:
    instance = subject.executor().load(subject.guest.definition(), host := ScriptedHost(), Limits())
    instance.dispatch(subject.function_id("nothing").bytes, subject.argument("nothing"))
    instance.close()
    kept = weakref.ref(host)
    del instance, host
    gc.collect()
    expect(kept() is None, "a closed instance is not released: its host is still referenced")


@check(
    "life_cycle",
    uses=["add", "count", "descend", "exchange", "fail", "forward", "indirect", "nothing"],
    may_use=["crash"],
)
def any_sequence_of_loads_calls_crashes_and_unloads_does_what_it_should(subject: Subject) -> None:
    run_life_cycles(subject, max(5, subject.examples // 3))


@check("life_cycle", uses=["edition"])
def a_module_replaced_by_another_executable_runs_that_one(subject: Subject) -> None:
    # The same header with other code of the same size: in the same executor, in another one, and in the memory of an
    # executable that has been released.
    for engine, releases in ((subject.engine, False), (subject.new_engine(), False), (subject.new_engine(), True)):
        for digit in (1, 2, 3, 1):
            definition = subject.guest.edition(digit).definition()
            module = engine.load_module(definition, executor=subject.executor.name, replace=True)
            what = "the last character of edition() of the module that replaced"
            expect_equal(module.edition()[-1], str(digit), what)
            if releases:
                engine.unload(module)
                del definition, module
                gc.collect()
