"""The copies that the host holds of what guests pass on are bounded."""

from __future__ import annotations

import pytest

from arora_core import Engine
from arora_core.buffers import error_message
from arora_core.header import ModuleDefinition
from arora_core.runtime import passed_buffers

pytest.importorskip("wasmtime")

from tests.wasm.guests import ARGUMENT, DISPATCH, HEADER, RUN, guest


def deepest_answer(size: int) -> str | None:
    """Return the error that ends the calls of a guest which passes so many bytes on to itself, without an end."""
    data = "".join(f"\\{byte:02x}" for byte in HEADER.id.bytes + RUN)
    body = f"""(i32.store (i32.const 4096) (i32.const {size}))
      (call $dispatch (i32.const 0) (i32.const 16) (i32.const 4096))"""
    rest = f'(data (i32.const 0) "{data}") (func $grow (drop (memory.grow (i32.const 8)))) (start $grow)'
    with Engine(max_depth=20) as engine:
        executable = guest(body, imports=DISPATCH, rest=rest)
        engine.load_module(ModuleDefinition(HEADER, executable), executor="wasmtime")
        return error_message(engine.dispatch(HEADER.id, RUN, ARGUMENT))


def test_large_copies_of_nested_calls_are_limited_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passed_buffers, "MOST_PASSED", 500_000)
    assert "nested calls pass on 600000 bytes of arguments, their limit is 500000" in str(deepest_answer(100_000))


def test_a_single_copy_may_have_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passed_buffers, "MOST_PASSED", 50_000)
    assert "nested calls pass on 200000 bytes" in str(deepest_answer(100_000))


def test_small_copies_are_bounded_by_the_depth_of_calls_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passed_buffers, "MOST_PASSED", 1)
    assert "calls are nested deeper than the limit of 20" in str(deepest_answer(1000))
