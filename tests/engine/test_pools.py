"""Pools of engines: loading and calling."""

from __future__ import annotations

import asyncio
import pickle
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from pathlib import Path
from typing import Any, NoReturn

import pytest

from arora_core import (
    ArgumentError,
    Engine,
    EnginePool,
    ExecutorNotFound,
    FunctionNotFound,
    GuestError,
    LimitExceeded,
    Limits,
    LoadError,
    ModuleBusy,
    ModuleNotFound,
    Trap,
    buffers,
)
from arora_core import values as v
from arora_core.runtime.free_engines import FreeEngines
from arora_core.runtime.pooled_module import PooledModule
from tests.engine.guest_runners import GuestRunner
from tests.engine.pooling import SIZE, Gate, Meeting, load
from tests.engine.robot import robot

EXAMPLES = Path(__file__).parents[2] / "examples"


# --- calls --------------------------------------------------------------------------------------------


def test_a_function_is_called_as_that_of_an_engine(pooled: PooledModule) -> None:
    assert (pooled.add(2, 3), pooled["add"](b=2, a=3), list(map(pooled.add, range(3), range(3)))) == (5, 5, [0, 2, 4])


def test_a_submitted_call_is_a_future(pooled: PooledModule) -> None:
    futures = [pooled.add.submit(number, b=1) for number in range(20)]
    assert all(isinstance(each, Future) for each in futures)
    assert [each.result() for each in futures] == list(range(1, 21))


def test_an_awaited_call_returns_the_result(pooled: PooledModule) -> None:
    async def calls() -> list[int]:
        return list(await asyncio.gather(*(pooled.add.acall(number, 1) for number in range(20))))

    assert asyncio.run(calls()) == list(range(1, 21))


def test_a_generic_call_returns_values(pooled: PooledModule) -> None:
    add = pooled.add
    ids = [each.id for each in add.parameters]
    assert add.call({ids[0]: v.U32(2), ids[1]: v.U32(3)}).ret == v.U32(5)


def test_the_handle_is_that_of_the_module(pooled: PooledModule, runner: GuestRunner) -> None:
    with Engine() as engine:
        guest = runner.load(engine)
        assert (pooled.id, pooled.name, pooled.executor, pooled.header) == (
            *(guest.id, guest.name, guest.executor),
            guest.header,
        )
        assert list(pooled.functions) == list(guest.functions)
        assert (pooled.add.signature, pooled.add.id) == (guest.add.signature, guest.add.id)


def test_as_many_guests_as_there_are_engines_run_at_the_same_time(pool: EnginePool, pooled: PooledModule) -> None:
    meeting = Meeting(pool, SIZE)
    futures = [pooled.indirect.submit(meeting.id) for _ in range(SIZE)]
    assert [buffers.decode(bytes(each.result(60))) for each in futures] == [v.U32(7)] * SIZE


def test_calls_of_other_threads_run_at_the_same_time_without_one_of_the_pool(
    pool: EnginePool, pooled: PooledModule
) -> None:
    meeting, before = Meeting(pool, SIZE), threading.active_count()
    threads = [threading.Thread(target=pooled.indirect, args=(meeting.id,)) for _ in range(SIZE)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert threading.active_count() <= before


def test_a_call_waits_for_an_engine_that_is_free(pool: EnginePool, pooled: PooledModule) -> None:
    gate, answers = Gate(pool), list[int]()
    busy = [pooled.indirect.submit(gate.id) for _ in range(SIZE)]
    gate.wait_for(SIZE)
    thread = threading.Thread(target=lambda: answers.append(pooled.add(1, 2)))
    thread.start()
    waiting = pooled.add.submit(3, 4)
    assert not any(each.done() for each in [*busy, waiting])
    gate.open()
    thread.join()
    assert (answers, waiting.result()) == ([3], 7)


def test_those_that_came_first_get_a_free_engine_first() -> None:
    free, order, threads = FreeEngines(1), list[int](), list[threading.Thread]()

    def ask_one_after_another(_: int) -> None:
        for number in range(5):
            threads.append(threading.Thread(target=free.run, args=(lambda _, number=number: order.append(number),)))
            threads[-1].start()
            while len(free._waiting) <= number:
                threads[-1].join(0.001)

    free.run(ask_one_after_another)
    for each in threads:
        each.join()
    assert order == list(range(5))
    assert free.are_all_free


def test_host_code_that_calls_the_pool_goes_on_in_its_engine(runner: GuestRunner) -> None:
    with EnginePool(1) as pool:
        pooled = pool.load_module(runner.definition(), executor=runner.executor)
        callable = pool.register_callable(lambda: v.U32(pooled.add(20, 3)))
        assert buffers.decode(bytes(pooled.indirect(callable))) == v.U32(23)


def test_a_callable_has_one_id_on_all_engines_until_it_is_unregistered(pool: EnginePool, pooled: PooledModule) -> None:
    id = Meeting(pool, SIZE).id
    answers = [pooled.indirect.submit(id) for _ in range(SIZE)]
    assert {bytes(each.result()) for each in answers} == {buffers.encode(v.U32(7))}
    assert pool.register_callable(lambda: v.U64(1)) != id
    pool.unregister_callable(id)
    assert {buffers.error_message(bytes(pooled.indirect(id))) for _ in range(SIZE)} == {
        f"no callable is registered under the id {id}"
    }
    with pytest.raises(FunctionNotFound, match=f"id {id}"):
        pool.unregister_callable(id)


def test_modules_of_a_pool_call_each_other_and_host_modules(pool: EnginePool, runner: GuestRunner) -> None:
    host = pool.register(robot())
    assert [each.result() for each in [host.say.submit("hello") for _ in range(5)]] == [True] * 5
    pooled = pool.load_module(runner.definition(), executor=runner.executor)
    say = host.say
    argument = buffers.encode(v.Structure(say.id, [(say.parameters[0].id, v.String("hello"))]))
    answer = buffers.decode(bytes(pooled.forward(host.id, say.id, argument)))
    assert answer == v.Structure(say.id, [(say.id, v.Boolean(True))])


def test_errors_come_out_of_calls_and_futures(pooled: PooledModule) -> None:
    uses: list[Callable[[str], object]] = [pooled.fail, lambda text: pooled.fail.submit(text).result()]
    for use in uses:
        with pytest.raises(GuestError, match="no") as raised:
            use("no")
        assert raised.value.function == "fail"
    with pytest.raises(ArgumentError):
        pooled.add.submit(1, 2, 3).result()


def test_a_worker_whose_module_traps_goes_on(pool: EnginePool) -> None:
    guest = load(pool)
    crashes = [guest.crash.submit(0) for _ in range(4 * SIZE)]
    assert [type(each.exception()) for each in crashes] == [Trap] * len(crashes)
    assert [each.result() for each in [guest.add.submit(1, 2) for _ in range(4 * SIZE)]] == [3] * len(crashes)


def test_a_pickled_function_is_loaded_once_where_it_is_unpickled(pooled: PooledModule) -> None:
    add, module = pickle.loads(pickle.dumps([pooled.add, pooled]))
    assert (add(1, 2), module.add, type(module).__name__) == (3, add, "LoadedModule")


def test_a_typed_handle_is_made_of_that_of_a_pool(arm: PooledModule) -> None:
    from tests.engine.typed_arm import Arm

    typed = Arm(arm)
    assert typed["forward"]([0.0] * 6) == arm.forward([0.0] * 6)


def test_restarting_renews_every_guest(pooled: PooledModule) -> None:
    wait([pooled.count.submit() for _ in range(10)])
    pooled.restart()
    assert pooled.count() == 1


# --- loading ------------------------------------------------------------------------------------------


def test_every_engine_has_a_guest_of_its_own(pool: EnginePool, pooled: PooledModule) -> None:
    meeting = Meeting(pool, SIZE)
    pooled.exchange(5)
    wait([pooled.indirect.submit(meeting.id) for _ in range(SIZE)])
    kept = []
    for index in range(SIZE):
        kept.append(pooled.exchange._functions[index](0))
    assert sorted(kept) == [0] * (SIZE - 1) + [5]


def test_a_module_is_read_once(pool: EnginePool, arm: PooledModule) -> None:
    executables = {id(each._pickling.made_of.executable) for each in arm._modules}
    assert len(executables) == 1


def test_limits_of_the_pool_are_those_of_modules_without(runner: GuestRunner) -> None:
    with EnginePool(1, limits=Limits(result=8)) as pool:
        first = pool.load_module(runner.definition(), executor=runner.executor)
        second = pool.load_module(runner.definition(1), executor=runner.executor, limits=Limits(result=1 << 20))
        with pytest.raises(LimitExceeded):
            first.add(1, 2)
        assert second.add(1, 2) == 3


def test_a_module_that_cannot_be_loaded_on_one_engine_is_loaded_on_none(pool: EnginePool, runner: GuestRunner) -> None:
    taken = runner.load(pool._engines[-1])
    with pytest.raises(LoadError, match="already loaded"):
        pool.load_module(runner.definition(), executor=runner.executor)
    pool._engines[-1].unload(taken)
    assert pool.load_module(runner.definition(), executor=runner.executor).add(1, 2) == 3


def test_a_module_that_cannot_be_replaced_on_one_engine_stays_on_all(
    pool: EnginePool, runner: GuestRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = pool.load_module(runner.definition(), executor=runner.executor)

    def refuse(*_: object) -> NoReturn:
        raise LoadError("no memory is left")

    with monkeypatch.context() as patched:
        patched.setattr(pool._engines[-1]._executors, "load", refuse)
        with pytest.raises(LoadError, match="no memory is left"):
            pool.load_module(runner.definition(), executor=runner.executor, replace=True)
    on_each: Any = module._modules
    assert [each.add(1, 2) for each in on_each] == [3] * SIZE


def test_a_host_module_that_runs_on_one_engine_is_replaced_on_none(pool: EnginePool) -> None:
    def say(text: str) -> bool:
        if text == "be replaced":
            pool.register(robot(), replace=True)
        return True

    on_each: Any = pool.register(robot(say))._modules
    with pytest.raises(ModuleBusy):
        on_each[-1].say("be replaced")
    assert [each.say("still here") for each in on_each] == [True] * SIZE


def test_parts_are_loaded_and_modules_replaced_and_unloaded(pool: EnginePool, runner: GuestRunner) -> None:
    definition = runner.definition()
    parts = definition.header, definition.executable
    first = pool.load_module_from_parts(*parts, executor=runner.executor)
    second = pool.load_module_from_parts(*parts, executor=runner.executor, replace=True)
    with pytest.raises(ModuleNotFound):
        first.add(1, 2)
    assert second.add(1, 2) == 3
    pool.unload(second)
    with pytest.raises(ModuleNotFound):
        second.add.submit(1, 2).result()


@pytest.mark.parametrize(("size", "error"), [(0, ValueError), (-1, ValueError), (1.5, TypeError), (True, TypeError)])
def test_a_size_is_a_positive_integer(size: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="the size of a pool must be"):
        EnginePool(size)


def test_an_executor_that_is_not_installed_is_named(pool: EnginePool) -> None:
    with pytest.raises(ExecutorNotFound, match="absent"):
        pool.load(EXAMPLES / "ur5" / "module.yaml", executor="absent")
