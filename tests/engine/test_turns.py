"""Threads that wait for an engine that another thread uses."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from time import monotonic

import pytest

from arora_core import Engine, LimitExceeded, Limits, LoadedModule, ModuleBusy
from arora_core import values as v
from arora_core.conformance.guests import wasm_guest

EXECUTOR = "wasmtime"


@pytest.fixture
def engines() -> Iterator[tuple[Engine, Engine]]:
    with Engine() as one, Engine() as other:
        yield one, other


def load(engine: Engine, number: int = 0, limits: Limits | None = None) -> LoadedModule:
    return engine.load_module(wasm_guest().definition(number), executor=EXECUTOR, limits=limits)


def in_threads(*work: Callable[[], object]) -> list[Future[object]]:
    """Run each function in a thread of its own; return their results, or fail when they do not end."""
    futures: list[Future[object]] = [Future() for _ in work]

    def run(function: Callable[[], object], future: Future[object]) -> None:
        try:
            future.set_result(function())
        except BaseException as error:
            future.set_exception(error)

    for function, future in zip(work, futures, strict=True):
        threading.Thread(target=run, args=(function, future), daemon=True).start()
    for future in futures:
        future.exception(timeout=10)
    return futures


def refused(call: Callable[[], object]) -> str:
    """Make the call; return the message of the ModuleBusy that it raises, nothing if it succeeds."""
    try:
        call()
    except ModuleBusy as error:
        return error.message
    return ""


def test_of_two_engines_that_call_each_other_one_is_busy(engines: tuple[Engine, Engine]) -> None:
    modules = [load(engine) for engine in engines]
    both_inside = threading.Barrier(2, timeout=10)
    refusals: list[str] = []

    def call_the_other(other: LoadedModule) -> v.Value:
        both_inside.wait()
        refusals.append(refused(lambda: other.add(1, 2)))
        return v.Unit()

    ids = [
        engine.register_callable(partial(call_the_other, other))
        for engine, other in zip(engines, reversed(modules), strict=True)
    ]
    ended = in_threads(*(partial(module.indirect, id) for module, id in zip(modules, ids, strict=True)))
    assert [each.exception() for each in ended] == [None, None]
    assert sorted(refusals) == ["", "another thread is in a call of this engine, and waits for this thread"]


def test_a_load_into_an_engine_that_waits_for_this_thread_is_refused(engines: tuple[Engine, Engine]) -> None:
    modules = [load(engine) for engine in engines]
    both_inside = threading.Barrier(2, timeout=10)
    refusals: list[str] = []

    def load_into(other: Engine) -> v.Value:
        both_inside.wait()
        refusals.append(refused(lambda: load(other, 1)))
        return v.Unit()

    ids = [
        engine.register_callable(partial(load_into, other))
        for engine, other in zip(engines, reversed(engines), strict=True)
    ]
    in_threads(*(partial(module.indirect, id) for module, id in zip(modules, ids, strict=True)))
    assert len(list(filter(None, refusals))) == 1


def test_a_worker_for_which_the_host_code_of_an_engine_waits_finds_it_busy(engine: Engine) -> None:
    module = load(engine)
    refusals: list[str] = []

    def ask_a_worker() -> v.Value:
        with ThreadPoolExecutor(1) as pool:
            refusals.append(pool.submit(refused, lambda: module.add(1, 2)).result(timeout=10))
        return v.Unit()

    registered = engine.register_callable(ask_a_worker)
    in_threads(lambda: module.indirect(registered))
    assert "waits for this thread" in refusals[0]


def test_a_thread_whose_end_the_host_code_of_an_engine_waits_for_finds_it_busy(engine: Engine) -> None:
    module = load(engine)
    refusals: list[str] = []

    def ask_a_thread() -> v.Value:
        thread = threading.Thread(target=lambda: refusals.append(refused(lambda: module.add(1, 2))), daemon=True)
        thread.start()
        thread.join(timeout=10)
        return v.Unit()

    registered = engine.register_callable(ask_a_thread)
    in_threads(lambda: module.indirect(registered))
    assert "waits for this thread" in refusals[0]


def test_a_thread_for_which_nobody_waits_gets_its_turn(engine: Engine) -> None:
    module = load(engine)
    inside, waiting = threading.Event(), threading.Event()

    def stay() -> v.Value:
        inside.set()
        waiting.wait(10)
        return v.Unit()

    def call() -> int:
        inside.wait(10)
        threading.Timer(0.05, waiting.set).start()
        total: int = module.add(1, 2)
        return total

    registered = engine.register_callable(stay)
    _, sums = in_threads(lambda: module.indirect(registered), call)
    assert sums.result() == 3


def test_a_deadline_ends_the_wait_for_another_thread(engine: Engine) -> None:
    module, hurried = load(engine), load(engine, 1, Limits(deadline=0.5))
    inside, done = threading.Event(), threading.Event()

    def stay() -> v.Value:
        inside.set()
        done.wait(10)
        return v.Unit()

    waited: list[float] = []

    def call() -> None:
        inside.wait(10)
        began = monotonic()
        try:
            with pytest.raises(LimitExceeded, match=r"conformance_1\.add: .*deadline of 0\.5 s") as caught:
                hurried.add(1, 2)
            assert caught.value.limit == "deadline"
        finally:
            done.set()
        waited.append(monotonic() - began)

    registered = engine.register_callable(stay)
    _, ended = in_threads(lambda: module.indirect(registered), call)
    ended.result()
    assert 0.5 <= waited[0] < 5
    assert hurried.add(1, 2) == 3
