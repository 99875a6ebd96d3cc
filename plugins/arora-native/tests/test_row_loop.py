"""Rows of a batch, called by the library's own loop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from arora_native import instance as native_instance
from arora_native import row_loop

from arora_core import Engine, GuestError, buffers
from arora_core import values as v
from arora_core.conformance.sample_rows import SampleRows, form_of
from arora_core.runtime import batch_run
from arora_core.types import ScalarRef
from tests.columns.host_functions import TYPES
from tests.columns.scripted_guest import Action, Entry, load
from tests.native_libraries import ANSWER, ARGUMENT, RUN, guest
from tests.native_libraries import load as load_library
from tests.signatures import COLOUR, FUNCTION, Colour, function, scalar

PROBE = function([scalar("u32")], scalar("u32"))
ROWS = 5000


def answered(value: v.Value) -> bytes:
    return buffers.encode(v.Structure(FUNCTION, [(FUNCTION, value)]))


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine() as engine:
        yield engine


@pytest.fixture
def loops(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list to which every call of a loop adds the rows that it has left."""
    counts: list[int] = []

    class Counted(row_loop.NativeRows):
        def __init__(self, rows: Any, *others: Any) -> None:
            counts.append(rows.count - rows.done)
            super().__init__(rows, *others)

    monkeypatch.setattr(native_instance, "NativeRows", Counted)
    monkeypatch.setattr(batch_run, "_SOON", float("inf"))
    return counts


def test_many_rows_are_called_in_few_loops(engine: Engine, loops: list[int]) -> None:
    module = load(engine, "native", PROBE, [Entry(Action.ANSWER, answered(v.U32(7)))], TYPES)
    assert module["probe"].batch(range(ROWS)).tolist() == [7] * ROWS
    assert sum(loops) == ROWS
    assert len(loops) < 10


def test_unusual_results_are_read_as_those_of_calls(engine: Engine, loops: list[int]) -> None:
    script = [Entry(Action.ANSWER, answered(v.U32(7)))] * 99 + [Entry(Action.ANSWER, buffers.encode_error("no"))]
    module = load(engine, "native", PROBE, script, TYPES)
    found = module["probe"].batch(range(ROWS), errors="return")
    assert [row for row, each in enumerate(found) if isinstance(each, GuestError)] == list(range(99, ROWS, 100))
    assert sum(loops) > ROWS


def test_no_row_is_called_after_the_host_has_failed(engine: Engine, loops: list[int]) -> None:
    calls: list[int] = []

    def fail() -> v.Value:
        calls.append(len(calls))
        if len(calls) == 3:
            raise KeyError("host")
        return v.Unit()

    engine.register_callable(fail)
    module = load(engine, "native", PROBE, [Entry(Action.CALL, answered(v.U32(7)))], TYPES)
    with pytest.raises(KeyError) as caught:
        module["probe"].batch(range(ROWS))
    assert vars(caught.value)["row"] == 2
    assert calls == [0, 1, 2]
    assert loops == [256]


def test_members_of_an_enumeration_are_told_apart_in_the_loop(engine: Engine, loops: list[int]) -> None:
    of_colour = function([scalar("u32")], ScalarRef(COLOUR.id))
    results = [v.Enumeration(COLOUR.id, each.id) for each in COLOUR.variants]
    script = [Entry(Action.ANSWER, answered(each)) for each in results]
    module = load(engine, "native", of_colour, script, TYPES)
    assert module["probe"].batch(range(ROWS)) == [Colour.red, Colour.green] * (ROWS // 2)
    assert sum(loops) == ROWS


def test_a_library_without_a_loop_is_called_row_by_row(loops: list[int]) -> None:
    instance = load_library(guest())
    rows = SampleRows([ANSWER] * 9, [], form_of(ANSWER, []))
    instance.batch(RUN)(rows)
    instance.close()
    assert (rows.done, rows.taken, loops) == (9, 9, [])


def test_a_library_that_may_change_how_numbers_are_rounded_is_called_row_by_row(loops: list[int]) -> None:
    before = "#include <fenv.h>\n#include <stdint.h>\nuint32_t arora_call_rows(void *rows) { return 0; }\n"
    library = guest("fesetround(FE_UPWARD); return copy(argument);", before, ("-lm",))
    instance = load_library(library)
    rows = SampleRows([ARGUMENT] * 9, [], form_of(ARGUMENT, []))
    instance.batch(RUN)(rows)
    instance.close()
    assert (rows.taken, loops) == (9, [])
