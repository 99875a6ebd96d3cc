"""Executors whose own methods fail: nothing stays open, and the engine is as it was."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import ClassVar

import pytest

from arora_core import Engine, EngineClosed, Executor, Header, Instance, ModuleDefinition, Plugins, hookimpl
from arora_core.executor import Host, Limits
from arora_core.plugins import Origin

FUNCTION = "11111111-2222-4333-8444-555555555555"


def definition(number: int) -> ModuleDefinition:
    return ModuleDefinition(
        Header.from_data(
            {
                "id": f"0a0a0a0a-0000-4000-8000-00000000000{number}",
                "name": f"module-{number}",
                "author": "",
                "license": "",
                "version": {"major": 1, "minor": 0, "patch": 0},
                "executor": {"name": "fragile"},
                "exports": [{"type": "function", "id": FUNCTION, "name": "run"}],
                "imports": [],
            }
        ),
        b"",
    )


def nothing() -> None:
    return None


class Fragile(Instance):
    def __init__(self, name: str) -> None:
        self.name = name

    def dispatch(self, function_id: bytes, argument: bytes) -> bytes:
        return argument

    def function(self, function_id: bytes) -> Callable[[bytes], bytes]:
        FragileExecutor.on_function()
        return super().function(function_id)

    def close(self) -> None:
        FragileExecutor.closed.append(self.name)
        FragileExecutor.on_close.get(self.name, nothing)()


class FragileExecutor(Executor):
    """Its methods raise what a test says."""

    name = "fragile"
    serves = frozenset({"fragile"})
    closed: ClassVar[list[str]] = []
    on_close: ClassVar[dict[str, Callable[[], None]]] = {}
    on_function: ClassVar[Callable[[], None]] = nothing

    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        return Fragile(definition.header.name)

    def close(self) -> None:
        self.closed.append("executor")


class Plugin:
    @hookimpl
    def arora_executors(self) -> list[type[Executor]]:
        return [FragileExecutor]


def raising(error: BaseException) -> Callable[[], None]:
    def close() -> None:
        raise error

    return close


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.setattr(FragileExecutor, "closed", [])
    monkeypatch.setattr(FragileExecutor, "on_close", {})
    plugins = Plugins()
    plugins.add(Plugin(), Origin("fragile", "arora-fragile", "1"))
    return Engine(plugins=plugins)


def test_closing_an_engine_closes_everything_although_some_of_it_raises(engine: Engine) -> None:
    for number in range(3):
        engine.load_module(definition(number))
    FragileExecutor.on_close["module-0"] = raising(RuntimeError("first"))
    FragileExecutor.on_close["module-1"] = raising(KeyboardInterrupt())
    with pytest.raises(RuntimeError, match="first") as caught:
        engine.close()
    assert set(FragileExecutor.closed) == {"module-0", "module-1", "module-2", "executor"}
    assert "KeyboardInterrupt" in str(vars(caught.value)["__notes__"])
    with pytest.raises(EngineClosed):
        engine.load_module(definition(0))


def test_what_an_interrupt_kept_from_being_closed_is_closed_after_it(engine: Engine) -> None:
    interrupts = [KeyboardInterrupt()]

    def close() -> None:
        if interrupts:
            raise interrupts.pop()
        FragileExecutor.closed.append("wholly")

    engine.load_module(definition(0))
    FragileExecutor.on_close["module-0"] = close
    with pytest.raises(KeyboardInterrupt):
        engine.close()
    assert "wholly" in FragileExecutor.closed


def test_a_module_whose_close_raises_is_unloaded_all_the_same(engine: Engine) -> None:
    module = engine.load_module(definition(0))
    FragileExecutor.on_close["module-0"] = raising(RuntimeError("stuck"))
    with pytest.raises(RuntimeError, match="stuck"):
        engine.unload(module)
    assert not engine.modules
    assert engine.load_module(definition(0)) is not module


def test_a_load_that_fails_after_the_executor_is_done_closes_the_instance(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FragileExecutor, "on_function", raising(RuntimeError("no functions")))
    with pytest.raises(RuntimeError, match="no functions"):
        engine.load_module(definition(0))
    assert FragileExecutor.closed == ["module-0"]
    assert not engine.modules


def test_a_replacement_that_fails_changes_nothing(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    module = engine.load_module(definition(0))
    monkeypatch.setattr(FragileExecutor, "on_function", raising(RuntimeError("no functions")))
    with pytest.raises(RuntimeError, match="no functions"):
        engine.load_module(definition(0), replace=True)
    assert FragileExecutor.closed == ["module-0"]
    assert list(engine.modules.values()) == [module]
    assert engine.dispatch(module.id, FUNCTION, b"\5\0\0\0\0") == b"\5\0\0\0\0"


def test_a_replaced_module_whose_close_raises_is_logged_and_replaced(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    old = engine.load_module(definition(0))
    FragileExecutor.on_close["module-0"] = raising(RuntimeError("stuck"))
    with caplog.at_level(logging.ERROR, "arora.engine"):
        new = engine.load_module(definition(0), replace=True)
    assert list(engine.modules.values()) == [new] != [old]
    assert "module-0" in caplog.text
    assert "stuck" in caplog.text
