"""Functions called with plain Python values."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from arora_core import ArgumentError, Engine, FunctionNotFound, GuestError, LoadedModule, Result
from arora_core.conformance.guests import id_of
from tests.engine.guest_calls import ADD
from tests.engine.guest_runners import GuestRunner
from tests.engine.robot import robot


def test_a_function_is_called_by_attribute_and_by_item(guest: LoadedModule) -> None:
    assert guest.add(1, 2) == guest["add"](1, 2) == guest.add(b=2, a=1) == guest.add(1, b=2) == 3


def test_a_handle_says_what_it_is(guest: LoadedModule, runner: GuestRunner) -> None:
    assert (guest.id, guest.name, guest.executor) == (id_of(0), "conformance", runner.executor)
    assert list(guest.functions)[:3] == ["echo", "echo_unit", "echo_bool"]
    assert guest.add.signature == "add(a: u32, b: u32) -> u32"
    assert guest.append.signature == "append(mutable items: f64[], item: f64, mutable log: str) -> u32"
    assert (guest.add.id, guest.add.name, [each.name for each in guest.add.parameters]) == (ADD, "add", ["a", "b"])
    assert "add" in dir(guest)


def test_a_function_with_mutable_parameters_returns_a_result(guest: LoadedModule) -> None:
    answer = guest.append([1, 2.5], 4, "log")
    assert answer == Result(3, {"items": array("d", [1, 2.5, 4]), "log": "log+"})
    assert answer.mutated["items"].typecode == "d"


def test_an_argument_left_out_is_absent_to_the_guest(guest: LoadedModule) -> None:
    assert guest.given() == 0b000
    assert guest.given(b=0) == 0b010
    assert guest.given(1, 2, 3) == 0b111


def test_none_given_for_an_option_is_not_an_argument_left_out(guest: LoadedModule) -> None:
    assert guest.echo_option(None) is None
    with pytest.raises(GuestError, match="value: absent"):
        guest.echo_option()


def test_unit_is_none(guest: LoadedModule) -> None:
    assert guest.nothing() is None


@pytest.mark.parametrize("items", [[1, 2], (1.0, 2.0), array("d", [1, 2]), np.array([1.0, 2.0]), np.arange(1, 3)])
def test_a_number_array_takes_lists_buffers_and_numpy_arrays(guest: LoadedModule, items: Any) -> None:
    assert list(guest.append(items, 3, "").mutated["items"]) == [1, 2, 3]


def test_an_unknown_function_is_an_attribute_error_with_a_hint(guest: LoadedModule) -> None:
    with pytest.raises(AttributeError, match="did you mean 'append'"):
        _ = guest.apend
    assert not hasattr(guest, "nonsense")


def test_an_unknown_function_by_item_lists_those_there_are_or_what_was_meant(
    engine: Engine, guest: LoadedModule
) -> None:
    with pytest.raises(FunctionNotFound, match=r"robot: it has no function 'xyz' \(known: say, push\)"):
        engine.register(robot())["xyz"]
    with pytest.raises(FunctionNotFound, match="no function 'apend', did you mean 'append'"):
        guest["apend"]


REFUSED_ARGUMENTS: dict[str, tuple[Callable[[LoadedModule], object], str | None, str]] = {
    "wrong type": (lambda guest: guest.add("1", 2), "a", "expected an integer"),
    "a float for an integer": (lambda guest: guest.add(1, 2.0), "b", "expected an integer"),
    "a bool for an integer": (lambda guest: guest.add(True, 2), "a", "got bool True"),
    "nothing for an integer": (lambda guest: guest.add(None, 2), "a", "got None"),
    "negative": (lambda guest: guest.add(-1, 2), "a", "-1 is out of range for u32"),
    "too large": (lambda guest: guest.add(1, 1 << 32), "b", "4294967296 is out of range for u32"),
    "unknown": (lambda guest: guest.add(1, 2, c=3), "c", "no such parameter"),
    "twice": (lambda guest: guest.add(1, 2, a=3), "a", "given twice"),
    "too many": (lambda guest: guest.add(1, 2, 3), None, "takes 2 arguments, got 3"),
    "one bad item": (lambda guest: guest.append([1.0, "x"], 1, ""), "items", "[1]: expected a number"),
    "two dimensions": (lambda guest: guest.append(np.zeros((2, 2)), 1, ""), "items", "one dimension"),
    "a lone surrogate": (lambda guest: guest.fail("\ud800"), "message", "surrogate"),
}


@pytest.mark.parametrize("case", REFUSED_ARGUMENTS)
def test_a_bad_argument_is_refused_by_name_before_the_guest_sees_it(guest: LoadedModule, case: str) -> None:
    call, parameter, message = REFUSED_ARGUMENTS[case]
    with pytest.raises(ArgumentError) as caught:
        call(guest)
    assert caught.value.parameter == parameter
    assert caught.value.module == "conformance"
    assert message in str(caught.value)
    assert guest.add(1, 2) == 3
