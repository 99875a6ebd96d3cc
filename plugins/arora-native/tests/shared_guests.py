"""Loads guests that share a worker, by themselves and in engines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import pytest
from arora_native.isolated.instance import IsolatedInstance

from arora_core import Engine, buffers
from arora_core import values as v
from arora_core.conformance.guests import native_guest
from tests.native_libraries import HEADER

from .isolated_guests import Isolated, worker_of

FORWARD: Final = "return forward(argument);"


@pytest.fixture(autouse=True)
def shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARORA_NATIVE_WORKERS", "engine")


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine() as made:
        yield made


def load(engine: Engine, number: int, **options: Any) -> Any:
    """Load the conformance guest as a module with a number."""
    definition = native_guest(own_process=True).definition(number)
    return engine.load_module(definition, executor="native-isolated", **options)


def worker(engine: Engine, module: Any) -> int:
    """Return the process of a module."""
    return worker_of(engine._modules[module.id.bytes].instance.instance)  # type: ignore[attr-defined]


def call_of(module: Any, name: str, *given: v.Value) -> tuple[v.Uuid, v.Uuid, v.ArrayU8]:
    """Return a call as the guest's ``forward`` takes it."""
    parameters = module[name].parameters
    fields = [(parameter.id, each) for parameter, each in zip(parameters, given, strict=True)]
    argument = buffers.encode(v.Structure(module[name].id, fields))
    return v.Uuid(module.id), v.Uuid(module[name].id), v.ArrayU8(argument)


def dispatch(engine: Engine, call: tuple[v.Uuid, v.Uuid, v.ArrayU8]) -> bytes:
    """Make such a call."""
    module, function, argument = call
    return engine.dispatch(module.value, function.value, bytes(argument.items))


def named(isolated: Isolated, name: str, body: str = "abort();", **options: Any) -> IsolatedInstance:
    """Load a guest under a name."""
    return isolated(body, header=replace(HEADER, name=name), **options)
