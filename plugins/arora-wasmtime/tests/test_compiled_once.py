"""Engines of one process compile an executable once, as long as one of them has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from arora_wasmtime import engines

from arora_core import Engine, EnginePool, Limits
from arora_core.conformance import wasm_guest


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Return the executables that are compiled from now on."""
    compiled: list[bytes] = []
    compile: Callable[..., Any] = engines._compile

    def noting(engine: Any, executable: bytes, *options: Any) -> Any:
        compiled.append(executable)
        return compile(engine, executable, *options)

    monkeypatch.setattr(engines, "_compile", noting)
    engines._alive.clear()
    return compiled


@pytest.mark.parametrize("limits", [Limits(), Limits(interruptible=True), Limits(memory=64 << 20)], ids=repr)
def test_a_pool_compiles_a_module_once(compilations: list[bytes], limits: Limits) -> None:
    with EnginePool(3, limits=limits) as pool:
        guest = pool.load_module(wasm_guest().definition(), executor="wasmtime")
        assert [each.result() for each in [guest.add.submit(1, 2) for _ in range(9)]] == [3] * 9
    assert len(compilations) == len(set(compilations))


def test_code_that_checks_a_limit_is_not_used_without(compilations: list[bytes]) -> None:
    with Engine() as one, Engine() as other:
        one.load_module(wasm_guest().definition(), executor="wasmtime", limits=Limits(fuel=1000_000_000))
        other.load_module(wasm_guest().definition(), executor="wasmtime")
    assert len(compilations) == 2


def test_code_outlives_the_engine_that_compiled_it(compilations: list[bytes]) -> None:
    with Engine() as other:
        with Engine() as one:
            one.load_module(wasm_guest().definition(), executor="wasmtime")
            guest = other.load_module(wasm_guest().definition(), executor="wasmtime")
        assert guest.add(1, 2) == 3
        with Engine() as third:
            assert third.load_module(wasm_guest().definition(), executor="wasmtime").add(1, 2) == 3
    assert len(compilations) == 1


def test_a_module_with_a_deadline_is_restarted_without_compiling(compilations: list[bytes]) -> None:
    with Engine() as engine:
        guest = engine.load_module(wasm_guest().definition(), executor="wasmtime", limits=Limits(deadline=60))
        guest.restart()
        assert guest.add(1, 2) == 3
    assert len(compilations) == 1
