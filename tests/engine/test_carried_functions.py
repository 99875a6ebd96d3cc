"""Loaded modules and their functions are pickled, and called where they are unpickled."""

from __future__ import annotations

import copy
import gc
import multiprocessing
import os
import pickle
import sys
import warnings
import weakref
from collections.abc import Iterator
from concurrent.futures import Executor as Pool
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import cloudpickle
import joblib
import pytest

from arora_core import (
    Engine,
    ExecutorNotFound,
    GuestError,
    Header,
    HostModule,
    LimitExceeded,
    Limits,
    LoadedModule,
    ModuleDefinition,
    Trap,
    TypeRegistry,
)
from arora_core import values as v
from arora_core.runtime import carried as unpickling
from tests.engine import carried
from tests.engine.guest_runners import SANDBOXES, GuestRunner
from tests.engine.robot import ROBOT, SAY, robot

EXAMPLES = Path(__file__).parents[2] / "examples"
METHODS = [each for each in ("spawn", "forkserver", "fork") if each in multiprocessing.get_all_start_methods()]
JOINTS = [[0.1 * number] * 6 for number in range(8)]


@pytest.fixture
def arm(engine: Engine) -> LoadedModule:
    return engine.load(EXAMPLES / "ur5" / "module.yaml", executor="wasmtime")


def carried_here(thing: Any) -> Any:
    return pickle.loads(pickle.dumps(thing))


# --- what comes out ---------------------------------------------------------------------------------


def test_a_function_answers_as_it_did_before_it_was_pickled(guest: LoadedModule) -> None:
    again = carried_here(guest.add)
    assert again is not guest.add
    assert (again.signature, again.id, again(2, 3)) == (guest.add.signature, guest.add.id, 5)


def test_a_module_has_the_same_header_executor_and_functions(guest: LoadedModule) -> None:
    again = carried_here(guest)
    assert (type(again), again.header, again.executor) == (LoadedModule, guest.header, guest.executor)
    assert list(again.functions) == list(guest.functions)


def test_what_was_carried_begins_with_a_state_of_its_own(guest: LoadedModule) -> None:
    guest.exchange(17)
    assert carried_here(guest).exchange(4) == 0
    assert guest.exchange(0) == 17


def test_results_are_of_equal_classes(arm: LoadedModule) -> None:
    assert carried_here(arm.forward)(JOINTS[1]) == arm.forward(JOINTS[1])


def test_records_that_only_the_engine_knew_are_carried(arm: LoadedModule) -> None:
    text = Header.load(EXAMPLES / "ur5" / "module.yaml", TypeRegistry()).to_data()
    with Engine(types=arm.header.types) as engine:
        low = engine.load_module_from_parts(Header.from_data(text), (EXAMPLES / "ur5" / "ur5.wasm").read_bytes())
        assert low.header.types.find("kinematics.Pose") is None
        assert carried_here(low.forward)(JOINTS[1]) == arm.forward(JOINTS[1])


def test_limits_are_carried(engine: Engine, arm: LoadedModule) -> None:
    limited = engine.load_module(
        ModuleDefinition(arm.header, (EXAMPLES / "ur5" / "ur5.wasm").read_bytes()),
        executor="wasmtime",
        limits=Limits(result=8),
        replace=True,
    )
    with pytest.raises(LimitExceeded, match="limit of its results is 8 bytes"):
        carried_here(limited.forward)(JOINTS[0])


@pytest.mark.parametrize("executor", SANDBOXES)
def test_what_follows_a_trap_is_carried(engine: Engine, executor: str) -> None:
    definition = GuestRunner(executor).definition()
    again = carried_here(engine.load_module(definition, executor=executor, after_trap="restart"))
    again.exchange(4)
    with pytest.raises(Trap) as raised:
        again.crash(0)
    assert (raised.value.restarted, again.exchange(0)) == (True, 0)


def test_the_modules_that_a_module_imports_are_carried_with_it(engine: Engine) -> None:
    engine.load(EXAMPLES / "ur5" / "module.yaml", executor="wasmtime")
    watchdog = engine.load(EXAMPLES / "watchdog" / "module.yaml", executor="wasmtime")
    check = carried_here(watchdog.check)
    # The callable is not registered where it is called: the guest gets that far only with the other module.
    assert check(JOINTS[0], 7).value == "no callable is registered under the id 7"


def test_a_typed_handle_keeps_its_class(arm: LoadedModule) -> None:
    from tests.engine.typed_arm import Arm

    again = carried_here(Arm(arm))
    assert type(again) is Arm
    assert again["forward"](JOINTS[1]) == arm.forward(JOINTS[1])


@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy])
def test_a_copy_of_a_handle_or_a_function_is_itself_as_that_of_a_function_of_python(
    arm: LoadedModule, way: Any
) -> None:
    assert way(arm) is arm
    assert way(arm.forward) is arm.forward


# --- how often it is loaded ---------------------------------------------------------------------------


@pytest.fixture
def nothing_kept() -> Iterator[None]:
    unpickling._kept.modules.clear()
    yield
    unpickling._kept.modules.clear()


@pytest.mark.usefixtures("nothing_kept")
def test_a_module_is_loaded_once_for_all_its_functions(arm: LoadedModule) -> None:
    forward, clamp, module = carried_here([arm.forward, arm.clamp, arm])
    assert forward is module.forward is carried_here(arm.forward)
    assert clamp is module.clamp
    assert carried.loaded_here() == 1


@pytest.mark.usefixtures("nothing_kept")
def test_a_thread_loads_a_module_of_its_own(arm: LoadedModule) -> None:
    pickled = pickle.dumps(arm.forward)
    here, there = pickle.loads(pickled), carried.in_another_thread(partial(pickle.loads, pickled))
    assert here is not there
    assert here(JOINTS[1]) == there(JOINTS[1])


@pytest.mark.usefixtures("nothing_kept")
def test_equal_modules_of_two_engines_are_loaded_once(arm: LoadedModule) -> None:
    with Engine() as other:
        twin = other.load(EXAMPLES / "ur5" / "module.yaml", executor="wasmtime")
        assert carried_here(twin.forward) is carried_here(arm.forward)


@pytest.mark.usefixtures("nothing_kept")
def test_other_limits_make_another_module(engine: Engine, runner: GuestRunner) -> None:
    plain = carried_here(runner.load(engine))
    limited = engine.load_module(
        runner.definition(), executor=runner.executor, limits=Limits(result=1 << 20), replace=True
    )
    assert carried_here(limited) is not plain


@pytest.mark.usefixtures("nothing_kept")
def test_the_module_used_least_recently_is_forgotten_beyond_the_bound_and_its_memory_given_back(
    monkeypatch: pytest.MonkeyPatch, engine: Engine, runner: GuestRunner
) -> None:
    monkeypatch.setattr(unpickling, "MOST", 2)
    pickles = [pickle.dumps(runner.load(engine, number)) for number in range(3)]
    first, second = pickle.loads(pickles[0]), pickle.loads(pickles[1])
    pickle.loads(pickles[0])
    pickle.loads(pickles[2])
    assert carried.loaded_here() == 2
    assert pickle.loads(pickles[0]) is first
    assert second.add(1, 2) == 3, "who has it may call it"
    forgotten = weakref.ref(second)
    del second
    gc.collect()
    assert forgotten() is None


# --- what cannot be carried -------------------------------------------------------------------------


def test_a_host_module_whose_function_has_no_name_is_named(engine: Engine) -> None:
    host = engine.register(robot())
    for thing in (host, host.say):
        with pytest.raises(pickle.PicklingError, match=r"host module robot .* 'say' .* <function <lambda>"):
            pickle.dumps(thing)


def test_it_is_named_where_a_guest_imports_it(engine: Engine, arm: LoadedModule) -> None:
    host = robot()
    engine.register(host)
    data = arm.header.to_data()
    data["imports"] = [{"type": "function", "id": str(SAY), "name": "say", "module": str(host.header.id)}]
    wasm = (EXAMPLES / "ur5" / "ur5.wasm").read_bytes()
    caller = engine.load_module_from_parts(Header.from_data(data, arm.header.types), wasm, replace=True)
    with pytest.raises(pickle.PicklingError, match="host module robot"):
        pickle.dumps(caller.forward)


def test_a_host_module_of_functions_that_can_be_imported_is_carried(engine: Engine) -> None:
    host = engine.register(carried.IMPORTABLE)
    again = carried_here(host)
    assert (again.executor, again.say("hello"), again.push([1])) == ("host", True, host.push([1]))
    assert carried_here(host.say) is again.say


def test_a_host_module_is_pickled_as_its_header_and_functions() -> None:
    again = carried_here(carried.IMPORTABLE)
    assert (type(again), again.header, again.functions) == (
        HostModule,
        carried.IMPORTABLE.header,
        carried.IMPORTABLE.functions,
    )


def test_callables_that_a_module_may_call_are_named(engine: Engine) -> None:
    watchdog = engine.load(EXAMPLES / "watchdog" / "module.yaml", executor="wasmtime")
    id = engine.register_callable(v.Unit)
    message = rf"the module watchdog may call the callables .*arora_core.values.scalars.Unit.* \(id {id}\)"
    with pytest.raises(pickle.PicklingError, match=message):
        pickle.dumps(watchdog.check)
    engine.unregister_callable(id)
    pickle.dumps(watchdog.check)


def test_callables_do_not_matter_to_a_module_that_cannot_call_them(engine: Engine, arm: LoadedModule) -> None:
    engine.register_callable(v.Unit)
    assert carried_here(arm.forward)(JOINTS[1]) == arm.forward(JOINTS[1])


def test_an_unloaded_module_says_so(engine: Engine, arm: LoadedModule) -> None:
    engine.unload(arm)
    for thing in (arm, arm.forward):
        with pytest.raises(pickle.PicklingError, match="the module ur5 has been unloaded"):
            pickle.dumps(thing)


# --- other processes --------------------------------------------------------------------------------


@pytest.fixture(params=METHODS, scope="module")
def pool(request: pytest.FixtureRequest) -> Iterator[Pool]:
    with warnings.catch_warnings():
        # Of a fork while there are other threads, which is what is tested.
        warnings.simplefilter("ignore", DeprecationWarning)
        with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(request.param)) as pool:
            yield pool


@pytest.fixture
def guest(engine: Engine, runner: GuestRunner) -> LoadedModule:
    return runner.load(engine)


def test_a_process_pool_maps_a_function(guest: LoadedModule, pool: Pool) -> None:
    assert list(pool.map(guest.add, range(20), range(20))) == [2 * number for number in range(20)]


def test_each_process_of_a_pool_loads_a_module_once(guest: LoadedModule, pool: Pool) -> None:
    answers = list(pool.map(partial(carried.add, guest.add), range(20)))
    assert [each.sum for each in answers] == [number + 1 for number in range(20)]
    assert len({each.loaded for each in answers}) == len({each.process for each in answers})


def test_errors_come_back_as_they_were(guest: LoadedModule, pool: Pool) -> None:
    with pytest.raises(GuestError) as raised:
        pool.submit(guest.fail, "no").result()
    assert (raised.value.message, raised.value.function, raised.value.executor) == ("no", "fail", guest.executor)


def test_a_module_that_cannot_be_loaded_there_is_an_error_of_the_call(arm: LoadedModule, pool: Pool) -> None:
    for thing, use in ((arm.forward, carried.use_function), (arm, carried.use_module)):
        task = carried.on_another_machine(thing, "absent")
        with pytest.raises(ExecutorNotFound, match="absent") as raised:
            pool.submit(use, task).result()
        assert raised.value.module == "ur5"


def test_results_of_generated_classes_come_back(arm: LoadedModule, pool: Pool) -> None:
    assert list(pool.map(arm.forward, JOINTS)) == [arm.forward(joints) for joints in JOINTS]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
def test_a_forked_process_loads_what_its_parent_had_loaded_again(arm: LoadedModule) -> None:
    pickled = pickle.dumps(arm.forward)
    here = pickle.loads(pickled)
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        again = pickle.loads(pickled)
        os.write(writing, repr((again is here, again(JOINTS[1]) == here(JOINTS[1]))).encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as said:
        assert said.read() == "(False, True)"


def test_joblib_carries_a_function_to_its_processes(arm: LoadedModule) -> None:
    calls = (joblib.delayed(arm.forward)(joints) for joints in JOINTS)
    assert joblib.Parallel(n_jobs=2)(calls) == [arm.forward(joints) for joints in JOINTS]


def test_cloudpickle_carries_a_function_in_a_closure(arm: LoadedModule) -> None:
    forward = arm.forward
    pickled = cloudpickle.dumps(lambda joints: forward(joints).position.x)
    assert pickle.loads(pickled)(JOINTS[1]) == arm.forward(JOINTS[1]).position.x


def test_a_host_module_of_the_main_program_is_carried_by_cloudpickle(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    main = sys.modules["__main__"]

    def say(text: str = "") -> bool:
        return text == "hello"

    for name, value in {"__module__": "__main__", "__qualname__": "say"}.items():
        setattr(say, name, value)
    monkeypatch.setattr(main, "say", say, raising=False)
    host = HostModule(Header.parse(ROBOT))
    host.function("say")(say)
    host.function("push")(carried.push)
    pickled = cloudpickle.dumps(engine.register(host).say)
    monkeypatch.delattr(main, "say")
    assert pickle.loads(pickled)("hello") is True
