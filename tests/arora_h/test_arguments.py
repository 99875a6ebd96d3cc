"""Finding arguments."""

from __future__ import annotations

from collections.abc import Callable

from tests.arora_h.guests import ADD, ADD_A, ADD_B
from tests.wire import buffer, error, f64, structure, text, u32


def test_arguments_are_found_in_any_order(add: Callable[[bytes], bytes | None]) -> None:
    fields = [(ADD_A.bytes, f64(1.5)), (bytes(16), text(12, "something else")), (ADD_B.bytes, f64(2.0))]
    expected = buffer(structure(ADD.bytes, [(ADD.bytes, f64(3.5))]))
    assert add(buffer(structure(ADD.bytes, fields))) == expected
    assert add(buffer(structure(ADD.bytes, fields[::-1]))) == expected


def test_an_absent_argument_is_told_from_one_of_the_wrong_type(add: Callable[[bytes], bytes | None]) -> None:
    assert add(buffer(structure(ADD.bytes, [(ADD_A.bytes, f64(1.5))]))) == error("b: absent")
    wrong = [(ADD_A.bytes, u32(1)), (ADD_B.bytes, f64(2.0))]
    assert add(buffer(structure(ADD.bytes, wrong))) == error("a: expected a value of type f64")


def test_an_argument_that_is_no_structure_is_an_orderly_error(add: Callable[[bytes], bytes | None]) -> None:
    assert add(buffer(b"\x00")) == error("a: expected a structure of arguments")
