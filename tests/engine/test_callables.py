"""Python callables registered under an id."""

from __future__ import annotations

from typing import Any

import pytest

from arora_core import Engine, FunctionNotFound, LoadedModule, buffers
from arora_core import values as v
from tests.engine.guest_calls import indirect


def test_programs_and_guests_call_a_callable(engine: Engine, guest: LoadedModule) -> None:
    id = engine.register_callable(lambda: v.U64(42))
    assert engine.call_indirect(id) == v.U64(42)
    assert indirect(guest, id) == buffers.encode(v.U64(42))


def test_a_callable_that_returns_none_returns_unit(engine: Engine) -> None:
    nothing: Any = lambda: None  # noqa: E731
    assert engine.call_indirect(engine.register_callable(nothing)) == v.Unit()


def test_an_unregistered_callable_is_not_found(engine: Engine, guest: LoadedModule) -> None:
    id = engine.register_callable(lambda: v.U64(42))
    engine.unregister_callable(id)
    with pytest.raises(FunctionNotFound, match=f"id {id}"):
        engine.call_indirect(id)
    with pytest.raises(FunctionNotFound):
        engine.unregister_callable(id)
    assert buffers.error_message(indirect(guest, id)) == f"no callable is registered under the id {id}"
    assert guest.add(1, 2) == 3


def test_a_callable_may_unregister_itself_while_it_runs(engine: Engine, guest: LoadedModule) -> None:
    def once() -> v.Value:
        engine.unregister_callable(registered)
        return v.U8(1)

    registered = engine.register_callable(once)
    assert indirect(guest, registered) == buffers.encode(v.U8(1))
    assert buffers.error_message(indirect(guest, registered)) is not None


def test_a_callable_that_returns_an_invalid_value_raises_a_type_error(engine: Engine, guest: LoadedModule) -> None:
    wrong: Any = lambda: 42  # noqa: E731
    with pytest.raises(TypeError, match=r"must return a value of arora_core\.values, got 42"):
        guest.indirect(engine.register_callable(wrong))


def test_only_a_callable_can_be_registered(engine: Engine) -> None:
    with pytest.raises(TypeError, match="expected a callable, got 42"):
        engine.register_callable(42)  # type: ignore[arg-type]
