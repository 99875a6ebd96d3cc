"""Unloading modules, and closing the engine."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from arora_core import Call, Engine, EngineClosed, LoadedModule, ModuleBusy, ModuleNotFound, buffers
from arora_core import values as v
from tests.engine.guest_calls import ADD, argument, indirect
from tests.engine.guest_runners import GuestRunner
from tests.engine.robot import robot


def test_an_unloaded_module_is_gone(engine: Engine, guest: LoadedModule) -> None:
    engine.unload(guest)
    assert not engine.modules
    with pytest.raises(ModuleNotFound, match="unloaded"):
        guest.add(1, 2)
    with pytest.raises(ModuleNotFound):
        engine.call(Call(module_id=guest.id, id=ADD))
    with pytest.raises(ModuleNotFound):
        engine.unload(guest.id)


def test_a_module_cannot_be_unloaded_or_replaced_from_inside_its_own_call(
    engine: Engine, guest: LoadedModule, runner: GuestRunner
) -> None:
    attempts: list[Callable[[], object]] = [
        lambda: engine.unload(guest),
        lambda: runner.load(engine, replace=True),
        engine.close,
    ]

    def attempt() -> v.Value:
        for each in attempts:
            with pytest.raises(ModuleBusy):
                each()
        return v.U8(len(attempts))

    assert indirect(guest, engine.register_callable(attempt)) == buffers.encode(v.U8(3))
    assert guest.add(1, 2) == 3


def test_unloading_from_another_thread_waits_for_the_call_to_end(engine: Engine, guest: LoadedModule) -> None:
    order: list[str] = []

    def unload() -> None:
        started.set()
        engine.unload(guest)
        order.append("unloaded")

    def while_running() -> v.Value:
        thread.start()
        assert started.wait(10)
        # The other thread waits for the engine's lock, now or soon; it cannot have acquired it.
        order.append("still running")
        return v.U8(1)

    started = threading.Event()
    thread = threading.Thread(target=unload)
    id = engine.register_callable(while_running)
    assert indirect(guest, id) == buffers.encode(v.U8(1))
    thread.join(10)
    assert order == ["still running", "unloaded"]


def test_a_module_unloads_another_from_inside_a_call(engine: Engine, guest: LoadedModule, runner: GuestRunner) -> None:
    twin = runner.load(engine, 1)

    def unload() -> v.Value:
        engine.unload(twin)
        return v.Unit()

    assert indirect(guest, engine.register_callable(unload)) == buffers.encode(v.Unit())
    assert list(engine.modules) == [guest.id]


def test_after_close_every_operation_raises_engine_closed(
    guest: LoadedModule, engine: Engine, runner: GuestRunner
) -> None:
    id = engine.register_callable(lambda: v.U8(1))
    engine.close()
    attempts: list[Callable[[], object]] = [
        lambda: guest.add(1, 2),
        lambda: engine.call(Call(id=ADD)),
        lambda: engine.dispatch(guest.id, ADD, argument(ADD)),
        lambda: engine.call_indirect(id),
        lambda: engine.register_callable(lambda: v.U8(1)),
        lambda: engine.unregister_callable(id),
        lambda: engine.load_module(runner.definition()),
        lambda: engine.register(robot()),
        lambda: engine.unload(guest),
    ]
    for attempt in attempts:
        with pytest.raises(EngineClosed, match="closed"):
            attempt()
    engine.close()
