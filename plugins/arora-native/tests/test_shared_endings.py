"""The end of a worker that instances share: an error of the running calls, and once of each other instance."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from functools import partial

import pytest

from arora_core import Engine, Interrupted, LimitExceeded, Limits, ModuleBusy, Trap
from tests.native_libraries import ANSWER, ARGUMENT, RUN, StubHost, value

from .isolated_guests import Isolated, isolated, said_by_a_fork, wait_for_the_end_of, worker_of
from .shared_guests import FORWARD, call_of, dispatch, engine, load, named, shared, worker

__all__ = ["engine", "isolated", "shared"]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers need Linux")


def lost(call: Callable[[], object], culprit: str) -> Trap:
    """Return the trap of a module whose worker has ended in a call of another."""
    with pytest.raises(Trap, match=f"ended in a call of {culprit}: ") as caught:
        call()
    assert caught.value.restarted
    return caught.value


def test_after_a_crash_each_other_instance_says_once_that_its_state_is_lost(isolated: Isolated) -> None:
    instances = [named(isolated, each) for each in ("one", "two", "three")]
    assert [value(each.dispatch(RUN, ANSWER)) for each in instances] == [1, 1, 1]
    with pytest.raises(Trap, match=r"^its worker was ended by SIGABRT") as caught:
        instances[0].dispatch(RUN, ARGUMENT)
    assert caught.value.restarted
    for each in instances[1:]:
        assert "SIGABRT" in lost(partial(each.dispatch, RUN, ANSWER), "one").message
    assert [value(each.dispatch(RUN, ANSWER)) for each in instances] == [1, 1, 1]
    assert len({worker_of(each) for each in instances}) == 1


def test_an_instance_that_was_never_called_has_lost_nothing(isolated: Isolated) -> None:
    idle, culprit = isolated(), isolated("abort();")
    with pytest.raises(Trap):
        culprit.dispatch(RUN, ARGUMENT)
    assert value(idle.dispatch(RUN, ANSWER)) == 1
    assert value(culprit.dispatch(RUN, ANSWER)) == 1
    assert worker_of(idle) == worker_of(culprit)


def test_in_an_engine_all_modules_work_after_the_crash_of_one(engine: Engine) -> None:
    modules = [load(engine, each) for each in range(3)]
    assert [each.count() for each in modules] == [1, 1, 1]
    with pytest.raises(Trap) as caught:
        modules[1].crash(0)
    assert caught.value.restarted
    assert modules[1].count() == 1
    for each in (modules[0], modules[2]):
        lost(each.count, modules[1].name)
    assert [each.count() for each in modules] == [1, 2, 1]
    assert len({worker(engine, each) for each in modules}) == 1


def test_a_caller_in_the_middle_of_the_stack_loses_its_frames_too(isolated: Isolated) -> None:
    caught: list[Trap] = []

    def call_inner(*_: bytes) -> bytes:
        with pytest.raises(Trap, match=r"^its worker was ended by SIGABRT") as raised:
            inner.dispatch(RUN, ARGUMENT)
        caught.append(raised.value)
        # Fresh ones serve the host meanwhile.
        assert value(inner.dispatch(RUN, ANSWER)) == 1
        return ANSWER

    inner = named(isolated, "inner")
    outer = named(isolated, "outer", FORWARD, host=StubHost(on_dispatch=call_inner))
    assert [value(each.dispatch(RUN, ANSWER)) for each in (inner, outer)] == [1, 1]
    caught.append(lost(lambda: outer.dispatch(RUN, ARGUMENT), "inner"))
    assert [each.restarted for each in caught] == [True, True]
    assert [value(each.dispatch(RUN, ANSWER)) for each in (inner, outer)] == [2, 1]
    assert worker_of(inner) == worker_of(outer)


def test_an_exception_of_the_host_comes_out_of_a_caller_whose_frames_are_gone(isolated: Isolated) -> None:
    bug = LookupError("of the host")

    def call_inner(*_: bytes) -> bytes:
        with pytest.raises(Trap):
            inner.dispatch(RUN, ARGUMENT)
        raise bug

    inner = isolated("abort();")
    outer = isolated(FORWARD, host=StubHost(on_dispatch=call_inner))
    with pytest.raises(LookupError) as raised:
        outer.dispatch(RUN, ARGUMENT)
    assert raised.value is bug
    assert value(outer.dispatch(RUN, ANSWER)) == 1


def test_a_deadline_of_one_is_a_trap_of_the_others(engine: Engine) -> None:
    idle, limited = load(engine, 0), load(engine, 1, limits=Limits(deadline=0.3))
    assert worker(engine, idle) == worker(engine, limited)
    assert idle.count() == 1
    with pytest.raises(LimitExceeded):
        limited.spin()
    lost(idle.count, limited.name)
    assert [idle.count(), limited.count()] == [1, 1]


def test_a_caller_whose_own_deadline_has_passed_is_told_that(engine: Engine) -> None:
    outer, inner = load(engine, 0, limits=Limits(deadline=0.3)), load(engine, 1)
    with pytest.raises(LimitExceeded) as caught:
        dispatch(engine, call_of(outer, "forward", *call_of(inner, "spin")))
    assert (caught.value.limit, caught.value.restarted) == ("deadline", True)
    assert [outer.count(), inner.count()] == [1, 1]


def test_an_interruption_is_that_of_its_call_and_a_trap_of_the_others(isolated: Isolated) -> None:
    def interrupt(*_: bytes) -> bytes:
        endless.interrupt()
        return ANSWER

    idle, host = named(isolated, "idle"), StubHost(on_dispatch=interrupt)
    body = "free(forward(argument)); for (volatile int i = 0;; i++) {}"
    endless = named(isolated, "endless", body, host=host, limits=Limits(interruptible=True))
    assert value(idle.dispatch(RUN, ANSWER)) == 1
    with pytest.raises(Interrupted) as caught:
        endless.dispatch(RUN, ARGUMENT)
    assert caught.value.restarted
    lost(lambda: idle.dispatch(RUN, ANSWER), "endless")
    assert [value(each.dispatch(RUN, ANSWER)) for each in (idle, endless)] == [1, 1]


def test_a_worker_that_is_killed_while_it_is_idle_is_a_trap_of_each(isolated: Isolated) -> None:
    first, second = named(isolated, "first"), named(isolated, "second")
    for each in (first, second):
        each.dispatch(RUN, ANSWER)
    os.kill(worker_of(first), signal.SIGKILL)
    wait_for_the_end_of(worker_of(first))
    third = named(isolated, "third")
    assert value(third.dispatch(RUN, ANSWER)) == 1
    with pytest.raises(Trap, match=r"^its worker was ended by SIGKILL"):
        first.dispatch(RUN, ANSWER)
    assert "SIGKILL" in lost(lambda: second.dispatch(RUN, ANSWER), "first").message
    assert [value(each.dispatch(RUN, ANSWER)) for each in (first, second, third)] == [1, 1, 2]
    assert len({worker_of(each) for each in (first, second, third)}) == 1


def test_a_crash_while_one_is_loaded_is_a_trap_of_the_others(isolated: Isolated) -> None:
    first = named(isolated, "first")
    first.dispatch(RUN, ANSWER)
    with pytest.raises(Trap, match=r"^its worker was ended by SIGABRT") as caught:
        named(
            isolated,
            "second",
            before="void abort(void);\n__attribute__((constructor)) static void start(void) { abort(); }\n",
        )
    assert not caught.value.restarted
    lost(lambda: first.dispatch(RUN, ANSWER), "second")
    assert value(first.dispatch(RUN, ANSWER)) == 1


def test_a_crash_while_one_is_unloaded_is_a_trap_of_the_others(isolated: Isolated) -> None:
    first = named(isolated, "first")
    first.dispatch(RUN, ANSWER)
    before = "void abort(void);\n__attribute__((destructor)) static void end(void) { abort(); }\n"
    named(isolated, "second", before=before).close()
    lost(lambda: first.dispatch(RUN, ANSWER), "second")
    assert value(first.dispatch(RUN, ANSWER)) == 1


def test_what_a_log_handler_calls_while_another_runs_in_the_worker_is_busy(isolated: Isolated) -> None:
    answers: list[bytes] = []
    idle = isolated()

    def call(*_: object) -> None:
        answers.append(idle.dispatch(RUN, ANSWER))

    running = isolated('(void)!write(1, "x", 1); return number(1);', "#include <unistd.h>\n", write=call)
    with pytest.raises(ModuleBusy):
        running.dispatch(RUN, ARGUMENT)
    assert answers == []
    assert [value(each.dispatch(RUN, ANSWER)) for each in (idle, running)] == [1, 1]


def test_a_log_handler_may_load_and_close_others_while_one_runs_in_the_worker(isolated: Isolated) -> None:
    seen: list[int] = []

    def load_and_close(*_: object) -> None:
        another = isolated()
        seen.append(value(another.dispatch(RUN, ANSWER)))
        another.close()
        idle.close()
        with pytest.raises(ModuleBusy):
            running.close()

    idle, third = isolated(), isolated()
    body = '(void)!write(1, "x", 1); return number(++calls);'
    running = isolated(body, "#include <unistd.h>\n", write=load_and_close)
    assert [value(each.dispatch(RUN, ANSWER)) for each in (idle, third)] == [1, 1]
    assert [value(each.dispatch(RUN, ARGUMENT)) for each in (running, third)] == [1, 2]
    assert seen == [1]


# In a forked process.


def test_a_forked_process_says_once_of_each_that_the_worker_is_anothers(isolated: Isolated) -> None:
    called, idle = isolated(), isolated()
    called.dispatch(RUN, ANSWER)

    def program() -> bytes:
        answers = [value(idle.dispatch(RUN, ANSWER))]
        with pytest.raises(Trap) as caught:
            called.dispatch(RUN, ANSWER)
        answers += [caught.value.restarted, value(called.dispatch(RUN, ANSWER)), worker_of(called) == worker_of(idle)]
        return caught.value.message.encode() + b" %d %d %d %d" % tuple(answers)

    said = said_by_a_fork(program)
    assert said == b"its worker belongs to the process that this one was forked from 1 1 1 1"
    assert [value(each.dispatch(RUN, ANSWER)) for each in (called, idle)] == [2, 1]
