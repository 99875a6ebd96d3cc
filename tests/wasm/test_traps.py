"""Guests that crash."""

from __future__ import annotations

import pytest

from arora_core.errors import Trap, TrapKind
from tests.wasm.guests import ANSWER, ARGUMENT, ECHO, PROC_EXIT, RUN, Load, guest

TRAPS = {
    "unreachable": (TrapKind.UNREACHABLE, "unreachable", ""),
    "memory": (TrapKind.MEMORY_OUT_OF_BOUNDS, "(i32.load (i32.const -8))", ""),
    "table": (TrapKind.TABLE_OUT_OF_BOUNDS, "(call_indirect (result i32) (i32.const 9))", "(table 1 funcref)"),
    "null": (TrapKind.INDIRECT_CALL, "(call_indirect (result i32) (i32.const 0))", "(table 1 funcref)"),
    "signature": (
        TrapKind.INDIRECT_CALL,
        "(call_indirect (result i32) (i32.const 0))",
        "(table 1 funcref) (elem (i32.const 0) $free)",
    ),
    "division": (TrapKind.INTEGER_DIVISION_BY_ZERO, "(i32.div_s (local.get 0) (i32.const 0))", ""),
    "overflow": (TrapKind.INTEGER_OVERFLOW, "(i32.div_s (i32.const 0x80000000) (i32.const -1))", ""),
    "conversion": (TrapKind.BAD_CONVERSION, "(i32.trunc_f32_s (f32.const nan))", ""),
    "stack": (
        TrapKind.STACK_OVERFLOW,
        "(call $deeper)",
        "(func $deeper (result i32) (drop (call $deeper)) (i32.const 1))",
    ),
}


@pytest.mark.parametrize("name", TRAPS)
def test_a_trap_says_how_the_guest_crashed(load: Load, name: str) -> None:
    kind, body, rest = TRAPS[name]
    with pytest.raises(Trap) as caught:
        load(guest(body, rest=rest)).dispatch(RUN, ARGUMENT)
    assert caught.value.kind is kind


def test_a_trap_names_the_innermost_functions_in_one_line(load: Load) -> None:
    with pytest.raises(Trap) as caught:
        load(guest("(call $inner)", rest="(func $inner (result i32) unreachable)")).dispatch(RUN, ARGUMENT)
    assert str(caught.value) == "unreachable in inner <- run"


def test_a_function_name_cannot_write_lines_of_its_own(load: Load) -> None:
    body = '(call $"a\\nb")'
    with pytest.raises(Trap) as caught:
        load(guest(body, rest='(func $"a\\nb" (result i32) unreachable)')).dispatch(RUN, ARGUMENT)
    assert "\n" not in str(caught.value)


def test_an_exit_is_a_trap_with_its_code(load: Load) -> None:
    with pytest.raises(Trap) as caught:
        load(guest("(call $proc_exit (i32.const 3)) (unreachable)", imports=PROC_EXIT)).dispatch(RUN, ARGUMENT)
    assert (caught.value.kind, caught.value.exit_code) == (TrapKind.EXIT, 3)


def test_an_instance_can_be_called_again_after_a_trap(load: Load) -> None:
    body = "(if (i32.eqz (i32.load8_u offset=5 (local.get 0))) (then unreachable))" + ECHO
    instance = load(guest(body))
    with pytest.raises(Trap):
        instance.dispatch(RUN, ANSWER)
    assert instance.dispatch(RUN, ARGUMENT) == ARGUMENT


def test_a_result_outside_of_memory_is_named_with_its_place(load: Load) -> None:
    with pytest.raises(
        Trap, match="answered with a buffer at 0xfffffff0, outside its 131072 bytes of memory"
    ) as caught:
        load(guest("(i32.const -16)")).dispatch(RUN, ARGUMENT)
    assert caught.value.kind is TrapKind.ABI
