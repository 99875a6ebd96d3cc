"""Loops over rows beside a guest."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import wasmtime
from arora_wasmtime import row_loop

from arora_core import Engine, GuestError, Limits, Trap, buffers
from arora_core import values as v
from arora_core.executor import Forms, RowField, RowForm
from arora_core.runtime import batch_run
from arora_core.wasm import row_loops
from arora_core.wasm.row_loop_module import row_loop_module
from tests.columns.host_functions import TYPES
from tests.columns.scripted_guest import Action, Entry, load
from tests.public_calls import unchecked_calls_only
from tests.signatures import FUNCTION, array, function, scalar

PROBE = function([scalar("u32")], scalar("u32"))
ROWS = 5000


def answered(number: int) -> bytes:
    return answer(v.U32(number))


def answer(value: v.Value) -> bytes:
    return buffers.encode(v.Structure(FUNCTION, [(FUNCTION, value)]))


@pytest.fixture
def entries(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list to which every entry into a loop adds its number of rows."""
    entered: list[int] = []
    run = row_loop._Loop.run

    def counted(self: Any, numbers: Sequence[int]) -> int:
        entered.append(numbers[1] - numbers[0])
        return run(self, numbers)

    monkeypatch.setattr(row_loop._Loop, "run", counted)
    # On a slow machine too, blocks grow.
    monkeypatch.setattr(batch_run, "_SOON", math.inf)
    return entered


@unchecked_calls_only
def test_many_rows_are_called_in_few_entries(engine: Engine, entries: list[int]) -> None:
    module = load(engine, "wasmtime", PROBE, [Entry(Action.ANSWER, answered(7))], TYPES)
    assert module["probe"].batch(range(ROWS)).tolist() == [7] * ROWS
    assert sum(entries) == ROWS
    assert len(entries) < 10


@unchecked_calls_only
def test_few_rows_are_not_worth_a_loop(engine: Engine, entries: list[int]) -> None:
    module = load(engine, "wasmtime", PROBE, [Entry(Action.ANSWER, answered(7))], TYPES)
    module["probe"].batch(range(row_loops._WORTH - 1))
    assert entries == []
    module["probe"].batch(range(row_loops._WORTH))
    made = len(entries)
    module["probe"].batch(range(row_loops._WORTH - 1))
    assert len(entries) > made > 0, "but a loop that is there is used"


def test_unusual_results_are_read_as_those_of_calls_and_the_loop_goes_on(engine: Engine, entries: list[int]) -> None:
    script = [Entry(Action.ANSWER, answered(3))] * 99 + [Entry(Action.ANSWER, buffers.encode_error("no"))]
    module = load(engine, "wasmtime", PROBE, script, TYPES)
    found = module["probe"].batch(range(ROWS), errors="return")
    assert [row for row, each in enumerate(found) if isinstance(each, GuestError)] == list(range(99, ROWS, 100))
    assert len(entries) < 2 * ROWS // 100


def test_rows_of_which_many_are_unusual_are_called_one_by_one(engine: Engine, entries: list[int]) -> None:
    script = [Entry(Action.ANSWER, answered(3)), Entry(Action.ANSWER, buffers.encode_error("no"))]
    module = load(engine, "wasmtime", PROBE, script, TYPES)
    found = module["probe"].batch(range(ROWS), errors="return")
    assert [isinstance(each, GuestError) for each in found] == [False, True] * (ROWS // 2)
    # Five rows of each block are tried.
    assert len(entries) < ROWS // 10


@unchecked_calls_only
def test_arrays_of_one_length_are_answered_in_a_loop_too(engine: Engine, entries: list[int]) -> None:
    export = function([array("f64")], array("i16"))
    results = [[1, 2, 3], [-4, 5, 6]] * 1000 + [[7]]
    script = [Entry(Action.ANSWER, answer(v.ArrayI16(each))) for each in results]
    found = load(engine, "wasmtime", export, script, TYPES)["probe"].batch(np.zeros((2001, 4)))
    assert [each.tolist() for each in found] == results
    assert sum(entries) > 1900


def test_the_row_that_traps_is_known_and_those_before_it_are_done(engine: Engine) -> None:
    script = [Entry(Action.ANSWER, answered(3))] * 1234 + [Entry(Action.TRAP)]
    module = load(engine, "wasmtime", PROBE, script, TYPES)
    with pytest.raises(Trap, match=r"scripted\.probe: row 1234: unreachable in ") as caught:
        module["probe"].batch(range(ROWS))
    assert caught.value.row == 1234
    found = module["probe"].batch(range(ROWS), errors="return")
    assert [row for row, each in enumerate(found) if isinstance(each, Trap)] == [1234, 2469, 3704, 4939]


def test_a_batch_inside_a_row_of_a_batch_does_not_confuse_its_rows(engine: Engine) -> None:
    script = [Entry(Action.ANSWER, answered(1))] * 1000 + [Entry(Action.CALL, answered(2)), Entry(Action.TRAP)]
    module = load(engine, "wasmtime", PROBE, script, TYPES)
    inner: list[Any] = []

    def call() -> v.Value:
        inner.append(module["probe"].batch(range(600), errors="return"))
        return v.Unit()

    engine.register_callable(call)
    found = module["probe"].batch(range(1010), errors="return")
    assert found[:1001] == [1] * 1000 + [2]
    assert isinstance(inner[0][0], Trap)
    assert inner[0][1:] == [1] * 599
    # The inner batch has taken 599 of the answers that came next.
    assert found[1001:] == [1] * 9


def test_blocks_are_given_back_to_the_guest(engine: Engine) -> None:
    module = load(engine, "wasmtime", PROBE, [Entry(Action.ANSWER, answered(7))], TYPES, Limits(memory=4 << 20))
    for _ in range(40):
        module["probe"].batch(np.arange(20_000, dtype=np.uint32))


def test_a_guest_without_memory_for_a_block_is_called_row_by_row(engine: Engine, entries: list[int]) -> None:
    module = load(engine, "wasmtime", PROBE, [Entry(Action.ANSWER, answered(7))], TYPES, Limits(memory=4 << 16))
    assert module["probe"].batch(range(200_000)).tolist() == [7] * 200_000
    assert sum(entries) < 200_000


def test_calls_with_limits_of_time_or_fuel_are_limited_one_by_one(engine: Engine, entries: list[int]) -> None:
    for limits in (Limits(deadline=5.0), Limits(fuel=2000)):
        module = load(engine, "wasmtime", PROBE, [Entry(Action.ANSWER, answered(7))], TYPES, limits)
        assert module["probe"].batch(range(2000)).tolist() == [7] * 2000
    assert entries == []


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7, 8, 12, 16, 17, 24, 31, 48, 100, 128, 129, 5000])
def test_the_module_is_valid_for_fields_of_any_size(size: int) -> None:
    constant = bytes(range(40)) + bytes(size) + b"end"
    form = RowForm(constant, b"\xff" * 40 + bytes(size) + b"\xff" * 3, (RowField(40, size),))
    choices = RowForm(bytes(70), b"\xff" * 20 + bytes(50), (RowField(20, 16, (b"a" * 16, b"b" * 16)), RowField(40, 1)))
    engine = wasmtime.Engine()
    for forms in (Forms(form, form), Forms(form, choices), Forms(RowForm(bytes(25), b"\xff" * 25, ()), form)):
        wasmtime.Module(engine, row_loop_module(forms, "loop"))
