"""Modules that get a fresh instance after a failure, or on request, on every executor."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from arora_core import Engine, LoadedModule
from arora_core import values as v
from arora_core.errors import ModuleBusy, ModuleNotFound, Trap
from arora_core.executor import Executor
from arora_core.header import ModuleDefinition
from tests.wasm.guests import ARGUMENT, HEADER, INDIRECT, RUN, Surprise, guest
from tests.wasm.stacks import POINTER

COUNTING = """(local $at i32) (local.set $at (call $alloc (i32.const 16)))
  (global.set $n (i32.add (global.get $n) (i32.const 1)))
  (i32.store (local.get $at) (i32.const 8)) (i32.store offset=4 (local.get $at) (global.get $n)) {0} (local.get $at)"""
COUNTER = "(global $n (mut i32) (i32.const 0))"
FAIL = "(if (i32.eqz (i32.load8_u offset=5 (local.get 0))) (then (unreachable)))"
SEVERAL_FRAMES = (
    POINTER
    + """(global $other (mut i32) (i32.const 4096)) (func (local $frame i32)
  (global.set $other (local.tee $frame (i32.sub (global.get $other) (i32.const 16)))))
  (func (local $frame i32) (global.set $sp (local.tee $frame (i32.sub (global.get $sp) (i32.const 16)))))"""
)
"""Two globals, one of which is the stack pointer."""

KNOWN = guest(COUNTING.format(FAIL), rest=COUNTER)
UNKNOWN = guest(COUNTING.format(FAIL), rest=COUNTER + SEVERAL_FRAMES)
FAILING = bytes([6, 0, 0, 0, 1, 0])


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine() as made:
        yield made


def load(engine: Engine, executor: type[Executor], executable: bytes, after_trap: str = "repair") -> LoadedModule:
    definition = ModuleDefinition(HEADER, executable)
    return engine.load_module(definition, executor=executor.name, after_trap=after_trap)


def count(engine: Engine) -> int:
    """Call the module; return how often it has been called since it was started."""
    return engine.dispatch(HEADER.id, RUN, ARGUMENT)[4]


def failure(engine: Engine) -> Trap:
    with pytest.raises(Trap) as caught:
        engine.dispatch(HEADER.id, RUN, FAILING)
    return caught.value


def test_a_guest_whose_stack_can_be_put_back_keeps_its_state(engine: Engine, executor: type[Executor]) -> None:
    load(engine, executor, KNOWN)
    count(engine)
    trap = failure(engine)
    assert not trap.restarted
    assert "restarted" not in str(trap)
    assert count(engine) == 3


def test_a_guest_with_an_unknown_stack_is_restarted_and_the_error_says_so(
    engine: Engine, executor: type[Executor]
) -> None:
    load(engine, executor, UNKNOWN)
    count(engine)
    trap = failure(engine)
    assert trap.restarted
    assert str(trap).endswith("; the module was restarted")
    assert [count(engine), count(engine)] == [1, 2]


def test_a_guest_is_restarted_after_every_failure_where_that_is_asked_for(
    engine: Engine, executor: type[Executor]
) -> None:
    load(engine, executor, KNOWN, "restart")
    for _ in range(3):
        assert [count(engine), count(engine)] == [1, 2]
        assert failure(engine).restarted


def test_an_exception_of_the_host_restarts_a_guest_too(engine: Engine, executor: type[Executor]) -> None:
    def fail() -> v.Value:
        raise Surprise

    ask = f"(drop (call $indirect (i64.const {engine.register_callable(fail)})))"
    asking = COUNTING.format(f"(if (i32.eqz (i32.load8_u offset=5 (local.get 0))) (then {ask}))")
    load(engine, executor, guest(asking, imports=INDIRECT, rest=COUNTER), "restart")
    count(engine)
    with pytest.raises(Surprise):
        engine.dispatch(HEADER.id, RUN, FAILING)
    assert count(engine) == 1


def test_other_words_are_refused_when_loading(engine: Engine, executor: type[Executor]) -> None:
    with pytest.raises(ValueError, match="after_trap must be 'repair' or 'restart', got 'never'"):
        load(engine, executor, KNOWN, "never")
    assert not engine.modules


def test_a_restart_keeps_the_handle_and_its_functions(engine: Engine, executor: type[Executor]) -> None:
    module = load(engine, executor, KNOWN)
    enter = module.run
    count(engine)
    module.restart()
    assert count(engine) == 1
    assert module.run is enter
    assert engine.modules[HEADER.id] is module


def test_a_large_call_reaches_the_fresh_instance(engine: Engine, executor: type[Executor]) -> None:
    module = load(engine, executor, KNOWN)
    large = (1 << 17).to_bytes(4, "little") + b"\1\1" + bytes((1 << 17) - 6)
    for expected in (1, 1):
        assert engine.dispatch(HEADER.id, RUN, large)[4] == expected
        module.restart()


def test_an_unloaded_module_cannot_be_restarted(engine: Engine, executor: type[Executor]) -> None:
    module = load(engine, executor, KNOWN)
    engine.unload(module)
    with pytest.raises(ModuleNotFound):
        module.restart()


def test_a_module_cannot_be_restarted_from_inside_one_of_its_calls(engine: Engine, executor: type[Executor]) -> None:
    module = engine.load(Path(__file__).parents[2] / "examples" / "watchdog" / "module.yaml", executor=executor.name)
    raised: list[ModuleBusy] = []

    def restart() -> v.Value:
        try:
            module.restart()
        except ModuleBusy as busy:
            raised.append(busy)
        return v.F64(0.5)

    engine.load(Path(__file__).parents[2] / "examples" / "ur5" / "module.yaml", executor=executor.name)
    module.check([0.0] * 6, engine.register_callable(restart))
    assert "restarted from inside one of its own calls" in str(raised[0])


def test_a_module_that_is_unloaded_while_it_restarts_stays_unloaded(engine: Engine, executor: type[Executor]) -> None:
    loaded: list[LoadedModule] = []

    def unload() -> v.Value:
        for module in loaded:
            engine.unload(module)
        return v.Unit()

    asking = f'(func (export "_initialize") (drop (call $indirect (i64.const {engine.register_callable(unload)}))))'
    loaded.append(load(engine, executor, guest(imports=INDIRECT, rest=asking)))
    with pytest.raises(ModuleNotFound, match="was unloaded while it was restarted"):
        loaded[0].restart()
    assert not engine.modules
    with pytest.raises(ModuleNotFound):
        loaded[0].restart()
