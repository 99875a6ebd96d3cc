"""Calls that asyncio waits for."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import warnings
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import ContextVar
from functools import partial
from typing import Any

import pytest

from arora_core import (
    ArgumentError,
    Engine,
    EngineClosed,
    GuestError,
    Interrupted,
    LimitExceeded,
    Limits,
    LoadedModule,
    ModuleBusy,
    ModuleNotFound,
)
from arora_core import values as v
from arora_core.runtime.interruption import interrupt
from tests.engine.guest_runners import EXECUTORS, GuestRunner

INTERRUPTIBLE = Limits(interruptible=True)
ENDLESS = 1 << 40
"""Turns of work for hours."""
LONG, MOST_TURNS = 1 << 18, 1 << 34
"""Turns of work that may be for a millisecond, and that are for seconds."""


@pytest.fixture
def interruptible(engine: Engine) -> LoadedModule:
    return load(engine, INTERRUPTIBLE)


def wait_inside(begun: threading.Event, go_on: threading.Event) -> None:
    """Say that host code has begun, and wait."""
    begun.set()
    go_on.wait(60)


def load(engine: Engine, limits: Limits, number: int = 0) -> LoadedModule:
    return engine.load_module(GuestRunner("wasmtime").definition(number), executor="wasmtime", limits=limits)


async def ticks_during(task: Awaitable[Any]) -> int:
    """Return how often the loop runs while it waits."""
    ticks, waiting = 0, asyncio.ensure_future(task)
    while not waiting.done():
        ticks += 1
        await asyncio.sleep(0)
    await waiting
    return ticks


# --- results and errors ------------------------------------------------------------------------------


def test_a_call_returns_what_it_returns_without_await(guest: LoadedModule) -> None:
    async def calls() -> list[int]:
        return [await guest.add.acall(2, 3), await guest.add.acall(a=4, b=5)]

    assert asyncio.run(calls()) == [5, 9]


def test_errors_of_guests_and_arguments_are_raised(guest: LoadedModule) -> None:
    with pytest.raises(GuestError) as raised:
        asyncio.run(guest.fail.acall("no"))
    assert (raised.value.message, raised.value.function) == ("no", "fail")
    with pytest.raises(ArgumentError, match="takes 2 arguments, got 3"):
        asyncio.run(guest.add.acall(1, 2, 3))


def test_an_exception_of_the_host_comes_out_as_the_same_object(engine: Engine, guest: LoadedModule) -> None:
    bug = RuntimeError("a bug")

    def fail() -> v.Value:
        raise bug

    with pytest.raises(RuntimeError) as raised:
        asyncio.run(guest.indirect.acall(engine.register_callable(fail)))
    assert raised.value is bug


def test_host_code_sees_the_context_of_the_task(engine: Engine, guest: LoadedModule) -> None:
    variable: ContextVar[int] = ContextVar("variable", default=0)
    callable = engine.register_callable(lambda: v.U32(variable.get()))

    async def calls() -> Any:
        variable.set(7)
        return await guest.indirect.acall(callable)

    from arora_core import buffers

    assert buffers.decode(bytes(asyncio.run(calls()))) == v.U32(7)


def test_many_calls_of_one_engine_are_made_one_after_another(guest: LoadedModule) -> None:
    async def calls() -> list[int]:
        return list(await asyncio.gather(*(guest.count.acall() for _ in range(50))))

    assert asyncio.run(calls()) == list(range(1, 51))


def test_other_threads_may_call_meanwhile(guest: LoadedModule) -> None:
    done: list[int] = []
    thread = threading.Thread(target=lambda: done.extend(guest.add(number, 1) for number in range(200)))
    thread.start()

    async def calls() -> list[int]:
        return [await guest.add.acall(number, 2) for number in range(200)]

    answers = asyncio.run(calls())
    thread.join()
    assert (answers, done) == ([each + 2 for each in range(200)], [each + 1 for each in range(200)])


# --- the loop ------------------------------------------------------------------------------------------


def test_the_loop_runs_on_while_a_guest_works(guest: LoadedModule) -> None:
    turns, ticks = LONG, 0
    while ticks < 20 and turns < MOST_TURNS:
        turns *= 4
        ticks = asyncio.run(ticks_during(guest.work.acall(turns)))
    assert ticks >= 20


def test_a_loop_inside_a_call_of_the_same_engine_is_told_that_it_would_wait_for_itself(
    engine: Engine, guest: LoadedModule
) -> None:
    seen: list[BaseException] = []

    def host() -> v.Value:
        with pytest.raises(ModuleBusy, match="would wait for the end of that call") as raised:
            asyncio.run(guest.add.acall(1, 2))
        seen.append(raised.value)
        return v.Unit()

    guest.indirect(engine.register_callable(host))
    assert len(seen) == 1


# --- cancelling ------------------------------------------------------------------------------------------


@pytest.fixture
def in_host(engine: Engine) -> Callable[[Callable[[], None]], int]:
    """Return what registers a callable that runs a function and returns unit."""

    def register(function: Callable[[], None]) -> int:
        def run() -> v.Value:
            function()
            return v.Unit()

        return engine.register_callable(run)

    return register


def test_a_cancelled_task_ends_an_interruptible_guest(interruptible: LoadedModule) -> None:
    async def cancelled() -> None:
        task = asyncio.ensure_future(interruptible.work.acall(ENDLESS))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert interruptible.add(1, 2) == 3


def test_a_timeout_ends_an_interruptible_guest(interruptible: LoadedModule) -> None:
    async def late() -> None:
        await asyncio.wait_for(interruptible.work.acall(ENDLESS), 0.01)

    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(late())
    assert interruptible.add(1, 2) == 3


@pytest.mark.skipif(sys.version_info < (3, 11), reason="asyncio.timeout came with Python 3.11")
def test_the_statement_of_a_timeout_ends_an_interruptible_guest(interruptible: LoadedModule) -> None:
    async def late() -> None:
        async with asyncio.timeout(0.01):  # type: ignore[attr-defined, unused-ignore]
            await interruptible.work.acall(ENDLESS)

    with pytest.raises(TimeoutError):
        asyncio.run(late())
    assert interruptible.add(1, 2) == 3


def test_a_guest_that_sleeps_is_woken(interruptible: LoadedModule) -> None:
    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(asyncio.wait_for(interruptible.sleep.acall(3600 * 10**9), 0.01))
    assert interruptible.add(1, 2) == 3


def test_callers_are_ended_with_the_module_that_they_called(engine: Engine, interruptible: LoadedModule) -> None:
    called = load(engine, INTERRUPTIBLE, 1)
    from arora_core import buffers

    work = called.work
    argument = buffers.encode(v.Structure(work.id, [(work.parameters[0].id, v.U64(ENDLESS))]))
    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(asyncio.wait_for(interruptible.forward.acall(called.id, work.id, argument), 0.05))
    assert [interruptible.add(1, 2), called.add(1, 2)] == [3, 3]


def test_a_call_that_cannot_be_interrupted_is_waited_for(
    engine: Engine, guest: LoadedModule, in_host: Callable[[Callable[[], None]], int]
) -> None:
    begun, go_on, ended = threading.Event(), threading.Event(), []

    def host() -> None:
        begun.set()
        go_on.wait(60)
        ended.append(True)

    callable = in_host(host)

    async def cancelled() -> None:
        task = asyncio.ensure_future(guest.indirect.acall(callable))
        while not begun.is_set():
            await asyncio.sleep(0)
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0)
        assert not task.done()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended == [True]

    asyncio.run(cancelled())
    assert guest.add(1, 2) == 3


def test_a_cancelled_call_that_has_not_begun_is_not_made(
    guest: LoadedModule, in_host: Callable[[Callable[[], None]], int]
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    first = in_host(partial(wait_inside, begun, go_on))

    async def cancelled() -> int:
        running = asyncio.ensure_future(guest.indirect.acall(first))
        waiting = asyncio.ensure_future(guest.count.acall())
        while not begun.is_set():
            await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        go_on.set()
        await running
        return int(await guest.count.acall())

    assert asyncio.run(cancelled()) == 1


def test_cancelling_ends_no_call_of_another_thread(
    engine: Engine, interruptible: LoadedModule, in_host: Callable[[Callable[[], None]], int]
) -> None:
    inside, go_on, answers = threading.Event(), threading.Event(), []
    callable = in_host(partial(wait_inside, inside, go_on))
    other = load(engine, INTERRUPTIBLE, 1)
    thread = threading.Thread(target=lambda: answers.append(other.indirect(callable)))
    thread.start()
    inside.wait(60)

    async def cancelled() -> None:
        # It waits for the engine, which the other thread uses.
        task = asyncio.ensure_future(interruptible.count.acall())
        for _ in range(20):
            await asyncio.sleep(0)
        task.cancel()
        loop = asyncio.get_running_loop()
        loop.call_later(0.05, go_on.set)
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    thread.join()
    assert len(answers) == 1
    assert interruptible.count() == 1


def test_a_deadline_bounds_the_wait_for_the_engine(
    engine: Engine, in_host: Callable[[Callable[[], None]], int]
) -> None:
    inside, go_on = threading.Event(), threading.Event()
    callable = in_host(partial(wait_inside, inside, go_on))
    other, limited = load(engine, Limits(), 1), load(engine, Limits(deadline=2))
    thread = threading.Thread(target=other.indirect, args=(callable,))
    thread.start()
    inside.wait(60)
    try:
        with pytest.raises(LimitExceeded, match="for the whole deadline"):
            asyncio.run(limited.add.acall(1, 2))
    finally:
        go_on.set()
        thread.join()


# --- threads ------------------------------------------------------------------------------------------


@pytest.fixture
def threads_before() -> Iterator[None]:
    before = threading.active_count()
    yield
    assert threading.active_count() == before


@pytest.mark.usefixtures("threads_before")
def test_calls_leave_no_thread_behind() -> None:
    with Engine() as engine:
        guest = load(engine, INTERRUPTIBLE)

        async def calls() -> None:
            for _ in range(5):
                with pytest.raises(asyncio.TimeoutError):
                    await asyncio.wait_for(guest.work.acall(ENDLESS), 0.005)
            await asyncio.gather(*(guest.add.acall(1, 2) for _ in range(20)))

        before = threading.active_count()
        asyncio.run(calls())
        assert threading.active_count() <= before + 1


@pytest.mark.usefixtures("threads_before")
def test_engines_that_never_made_such_a_call_have_no_thread() -> None:
    with Engine() as engine:
        before = threading.active_count()
        GuestRunner("native").load(engine).add(1, 2)
        assert threading.active_count() == before


def test_a_closed_engine_and_an_unloaded_module_say_so(engine: Engine, guest: LoadedModule) -> None:
    engine.unload(guest)
    with pytest.raises(ModuleNotFound):
        asyncio.run(guest.add.acall(1, 2))
    engine.close()
    with pytest.raises(EngineClosed):
        asyncio.run(guest.add.acall(1, 2))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
@pytest.mark.parametrize("executor", [each for each in EXECUTORS if each not in ("wasmer", "native-isolated")])
def test_a_forked_process_makes_such_calls_in_a_thread_of_its_own(engine: Engine, executor: str) -> None:
    guest = GuestRunner(executor).load(engine)
    asyncio.run(guest.add.acall(1, 2))
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        try:
            os.write(writing, str(asyncio.run(guest.add.acall(3, 4))).encode())
            engine.close()
            os.write(writing, b" closed")
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as said:
        assert said.read() == "7 closed"


def test_a_function_that_was_carried_is_awaited_too(guest: LoadedModule) -> None:
    import pickle

    add = pickle.loads(pickle.dumps(guest.add))
    assert asyncio.run(partial(add.acall, 1)(2)) == 3


@pytest.mark.parametrize("errors", ["raise", "return"])
def test_an_interruption_ends_a_whole_batch(engine: Engine, interruptible: LoadedModule, errors: Any) -> None:
    with ThreadPoolExecutor(1) as threads:
        batch = threads.submit(interruptible.work.batch, [ENDLESS] * 100, errors=errors)
        while not wait([batch], 0.01).done:
            interrupt(engine._calls)
    error = batch.exception()
    assert isinstance(error, Interrupted)
    assert error.row == 0  # type: ignore[attr-defined, unused-ignore]
