"""Executors whose own methods fail: nothing stays open, and the engine is as it was."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any, ClassVar

import pytest

from arora_core import (
    Engine,
    EngineClosed,
    Executor,
    Header,
    Instance,
    ModuleDefinition,
    PluginError,
    Plugins,
    hookimpl,
)
from arora_core.executor import Host, Limits
from arora_core.installed_executor import InstanceInUse
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
        return FragileExecutor.on_function() or super().function(function_id)

    def close(self) -> None:
        FragileExecutor.closed.append(self.name)
        FragileExecutor.on_close.get(self.name, nothing)()


class FragileExecutor(Executor):
    """Its methods raise what a test says."""

    name = "fragile"
    serves = frozenset({"fragile"})
    closed: ClassVar[list[str]] = []
    on_close: ClassVar[dict[str, Callable[[], None]]] = {}
    on_function: ClassVar[Callable[[], Any]] = nothing
    on_prepare: ClassVar[Callable[[], Any]] = nothing

    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        return Fragile(definition.header.name)

    def prepare(self, definition: ModuleDefinition) -> Any:
        return FragileExecutor.on_prepare()

    def close(self) -> None:
        self.closed.append("executor")
        self.on_close.get("executor", nothing)()


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
    with pytest.raises(PluginError, match="close raised RuntimeError: first") as caught:
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
    with pytest.raises(PluginError, match="close raised RuntimeError: stuck"):
        engine.unload(module)
    assert not engine.modules
    assert engine.load_module(definition(0)) is not module


def test_a_load_that_fails_after_the_executor_is_done_closes_the_instance(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FragileExecutor, "on_function", raising(RuntimeError("no functions")))
    with pytest.raises(PluginError, match="function raised RuntimeError: no functions"):
        engine.load_module(definition(0))
    assert FragileExecutor.closed == ["module-0"]
    assert not engine.modules


def test_a_replacement_that_fails_changes_nothing(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    module = engine.load_module(definition(0))
    monkeypatch.setattr(FragileExecutor, "on_function", raising(RuntimeError("no functions")))
    with pytest.raises(PluginError, match="function raised RuntimeError: no functions"):
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


@pytest.mark.parametrize("error", [SystemExit(3), GeneratorExit(), BaseException("a panic")], ids=repr)
def test_no_exception_of_closing_ends_the_program(engine: Engine, error: BaseException) -> None:
    engine.load_module(definition(0))
    for name in ("module-0", "executor"):
        FragileExecutor.on_close[name] = raising(error)
    with pytest.raises(PluginError, match="close raised") as caught:
        engine.close()
    assert (caught.value.distribution, caught.value.executor, caught.value.__cause__) == (
        "arora-fragile",
        "fragile",
        error,
    )


def test_an_entry_point_that_cannot_be_called_is_a_fault_of_the_plugin(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FragileExecutor, "on_function", lambda: "an entry point")
    with pytest.raises(PluginError, match="function gave 'an entry point', which cannot be called"):
        engine.load_module(definition(0))
    assert FragileExecutor.closed == ["module-0"]


def test_a_stack_that_is_no_number_is_a_fault_of_the_plugin(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Fragile, "stack", "1 MiB")
    with pytest.raises(PluginError, match="stack of its instance is '1 MiB', which is no int"):
        engine.load_module(definition(0))
    assert FragileExecutor.closed == ["module-0"]


def prepare(engine: Engine) -> None:
    asyncio.run(engine.prepare(definition(0).header, b""))


async def failing() -> None:
    raise OverflowError("too large")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (nothing, "prepare gave None, which cannot be awaited"),
        (raising(SystemExit(1)), "prepare raised SystemExit: 1"),
        (failing, "prepare raised OverflowError: too large"),
    ],
    ids=["None", "SystemExit", "OverflowError"],
)
def test_what_goes_wrong_in_preparing_is_a_fault_of_the_plugin(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, answer: Callable[[], Any], message: str
) -> None:
    monkeypatch.setattr(FragileExecutor, "on_prepare", answer)
    with pytest.raises(PluginError, match=message):
        prepare(engine)


class TimeIsUp(Exception):
    """What a program's handler of a signal raises."""


def time_is_up(number: int, frame: FrameType | None) -> None:
    raise TimeIsUp


class Handler:
    def method(self, number: int, frame: FrameType | None) -> None:
        raise TimeIsUp

    __call__ = method


@pytest.mark.parametrize(
    "handler",
    [time_is_up, Handler(), Handler().method, partial(Handler.method, Handler())],
    ids=["function", "object", "method", "partial"],
)
def test_what_a_handler_of_a_signal_raises_in_a_plugins_code_is_no_fault_of_the_plugin(
    engine: Engine, handler: Callable[[int, FrameType | None], None]
) -> None:
    engine.load_module(definition(0))
    FragileExecutor.on_close["module-0"] = lambda: signal.raise_signal(signal.SIGINT)
    before = signal.signal(signal.SIGINT, handler)
    try:
        with pytest.raises(TimeIsUp):
            engine.close()
    finally:
        signal.signal(signal.SIGINT, before)


def test_every_public_name_of_an_instance_goes_through_the_guard() -> None:
    public = {name for name in vars(Instance) if not name.startswith("_")}
    assert public <= vars(InstanceInUse).keys()
