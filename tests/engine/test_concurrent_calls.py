"""Calls while another one runs: from other threads, signal handlers and finalizers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import ClassVar

import pytest

from arora_core import Engine, LoadedModule, ModuleBusy, ModuleDefinition
from arora_core import values as v
from arora_core.buffers import decode, encode
from arora_core.conformance.guests import wasm_guest
from arora_core.conformance.subject import only
from arora_core.executor import Executor, Host, Instance, Limits


def test_an_engine_serves_many_threads_one_call_at_a_time(guest: LoadedModule) -> None:
    answers: list[int] = []
    threads = [threading.Thread(target=lambda: answers.extend(guest.count() for _ in range(100))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == list(range(1, 401))


class Struck(Executor):
    """Calls ``strike`` while a guest runs, as a signal handler or a finalizer may be called."""

    name, serves = "struck", frozenset({"wasm"})
    strike: ClassVar[Callable[[], object]] = lambda: None

    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        return StruckInstance(host)


class StruckInstance(Instance):
    def __init__(self, host: Host) -> None:
        self.host = host

    def dispatch(self, function_id: bytes, argument: bytes) -> bytes:
        Struck.strike()
        return self.host.dispatch_indirect(1)

    def close(self) -> None: ...


@pytest.fixture
def struck() -> Iterator[tuple[Engine, Callable[[], bytes]]]:
    with Engine(plugins=only(Struck)) as engine:
        module = engine.load_module(wasm_guest().definition())
        yield engine, lambda: engine.dispatch(module.id, module.add.id, encode(v.Structure(module.add.id)))


def test_a_call_in_the_middle_of_another_is_refused_and_that_one_goes_on(
    struck: tuple[Engine, Callable[[], bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, call = struck
    refused: list[ModuleBusy] = []

    def strike() -> None:
        for each in (call, lambda: engine.call_indirect(1)):
            with pytest.raises(ModuleBusy, match="was not made by it") as caught:
                each()
            refused.append(caught.value)

    monkeypatch.setattr(Struck, "strike", staticmethod(strike))
    assert engine.register_callable(lambda: v.U8(7)) == 1
    assert decode(call()) == v.U8(7)
    assert len(refused) == 2


def test_a_nested_call_from_a_callable_is_not_refused(struck: tuple[Engine, Callable[[], bytes]]) -> None:
    engine, call = struck
    deeper = iter([True, True])
    nested: list[bytes] = []

    def answer() -> v.Value:
        if next(deeper, False):
            nested.append(call())
            engine.call_indirect(1)
        return v.U8(7)

    assert engine.register_callable(answer) == 1
    assert decode(call()) == v.U8(7)
    assert len(nested) == 2
