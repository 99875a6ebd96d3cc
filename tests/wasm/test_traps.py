"""Guests that crash."""

from __future__ import annotations

import pytest

from arora_core.errors import Trap, TrapKind
from tests.wasm.guests import ARGUMENT, RUN, Load, guest


def test_converting_infinity_is_an_overflow_where_the_runtime_tells_it_from_nan(load: Load) -> None:
    with pytest.raises(Trap) as caught:
        load(guest("(i32.trunc_f64_u (f64.const inf))")).dispatch(RUN, ARGUMENT)
    # Browsers have the same message for both.
    expected = TrapKind.BAD_CONVERSION if load.executor.name == "browser" else TrapKind.INTEGER_OVERFLOW
    assert caught.value.kind is expected


def test_a_trap_names_the_innermost_functions_in_one_line(load: Load) -> None:
    with pytest.raises(Trap) as caught:
        load(guest("(call $inner)", rest="(func $inner (result i32) unreachable)")).dispatch(RUN, ARGUMENT)
    assert str(caught.value) == "unreachable in inner <- run"


def test_a_function_name_cannot_write_lines_of_its_own(load: Load) -> None:
    body = '(call $"a\\nb")'
    with pytest.raises(Trap) as caught:
        load(guest(body, rest='(func $"a\\nb" (result i32) unreachable)')).dispatch(RUN, ARGUMENT)
    assert "\n" not in str(caught.value)
