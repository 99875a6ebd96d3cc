"""Calls into a guest: buffers in and out."""

from __future__ import annotations

import gc

import pytest

from arora_core.errors import FunctionNotFound, Trap, TrapKind
from tests.wasm.guests import ARGUMENT, OTHER, RUN, Load, guest


def test_a_guest_answers_with_the_buffer_it_made(load: Load) -> None:
    assert load(guest()).dispatch(RUN, ARGUMENT) == ARGUMENT


def test_a_bound_function_does_the_same_as_dispatch(load: Load) -> None:
    assert load(guest()).function(RUN)(ARGUMENT) == ARGUMENT


def test_a_bound_function_keeps_its_instance_alive(load: Load) -> None:
    function = load(guest()).function(RUN)
    gc.collect()
    assert function(ARGUMENT) == ARGUMENT


def test_a_function_that_is_not_in_the_header_is_not_found(load: Load) -> None:
    with pytest.raises(FunctionNotFound, match="99999999-2222-4333-8444-555555555555"):
        load(guest()).dispatch(OTHER, ARGUMENT)


def test_initialize_is_called_once_and_first(load: Load) -> None:
    count = "(global $count (mut i32) (i32.const 0))"
    start = '(func (export "_initialize") (global.set $count (i32.add (global.get $count) (i32.const 1))))'
    body = """(local $at i32) (local.set $at (call $alloc (i32.const 16))) (i32.store (local.get $at) (i32.const 5))
      (i32.store8 offset=4 (local.get $at) (global.get $count)) (local.get $at)"""
    instance = load(guest(body, rest=count + start))
    assert [instance.dispatch(RUN, ARGUMENT)[4] for _ in range(2)] == [1, 1]


def test_a_guest_that_crashes_as_it_initializes_is_a_trap_of_load(load: Load) -> None:
    with pytest.raises(Trap) as caught:
        load(guest(rest='(func (export "_initialize") unreachable)'))
    assert caught.value.kind is TrapKind.UNREACHABLE
