"""``Function.batch``: one call for each row of columns."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from array import array as buffer
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from arora_core import ArgumentError, Engine, GuestError, Result, buffers
from arora_core import values as v
from arora_core.types import FixedArrayRef, OptionRef, ScalarRef, TypeRef
from tests.columns.host_functions import PLACED, TYPES, Probe, adding
from tests.columns.scripted_guest import Action, Entry, load
from tests.signatures import COLOUR, FUNCTION, INNER, POINT, Colour, Inner, array, function, scalar

MANY = 3000
"""Rows enough for several blocks."""
ADD = function([scalar("u32"), scalar("u32")], scalar("u32"))
ANSWER = buffers.encode(v.Structure(FUNCTION, [(FUNCTION, v.U32(7))]))


def test_every_row_is_a_call_and_the_answer_a_column(engine: Engine) -> None:
    probe = adding(engine)
    a, b = np.arange(MANY, dtype=np.uint32), np.arange(MANY, dtype=np.uint32)[::-1]
    answer = probe.function.batch(a, b)
    assert answer.dtype == np.uint32
    assert answer.tolist() == [MANY - 1] * MANY
    assert probe.calls == list(zip(a.tolist(), b.tolist(), strict=True))


@pytest.mark.parametrize("rows", [1, 2, 30, MANY])
@pytest.mark.parametrize(
    "column",
    [
        list,
        tuple,
        deque,
        lambda items: buffer("I", items),
        lambda items: memoryview(buffer("I", items)),
        lambda items: np.array(items, np.uint32),
        lambda items: np.array(items, np.int64),
        lambda items: np.array(items, ">u2"),
        lambda items: np.array(items, object),
        lambda items: np.array([items, items], np.uint32).T[:, 0],
        lambda items: range(len(items)),
    ],
    ids=["list", "tuple", "deque", "array", "memoryview", "u4", "i8", "big-endian", "object", "strided", "range"],
)
def test_a_column_is_any_array_buffer_or_sequence(engine: Engine, column: Any, rows: int) -> None:
    items = list(range(rows))
    assert adding(engine).function.batch(column(items), items).tolist() == [2 * each for each in items]


@pytest.mark.parametrize("rows", [3, MANY])
def test_repeat_is_the_same_value_in_every_row(engine: Engine, rows: int) -> None:
    function = adding(engine).function
    assert function.batch(list(range(rows)), repeat(7)).tolist() == [each + 7 for each in range(rows)]
    assert function.batch(repeat(1, rows), repeat(7)).tolist() == [8] * rows


def test_columns_are_given_by_name_as_arguments_are(engine: Engine) -> None:
    assert adding(engine).function.batch([1, 2], p1=[3, 4]).tolist() == [4, 6]


@pytest.mark.parametrize("rows", [3, MANY])
def test_a_parameter_without_a_column_is_left_out_of_every_row(engine: Engine, rows: int) -> None:
    probe = Probe(engine, [scalar("u8"), scalar("u16"), scalar("bool")], scalar("u16"), lambda *given: len(given))
    assert probe.function.batch(p2=[True] * rows).tolist() == [1] * rows
    assert probe.calls == [(True,)] * rows


@pytest.mark.parametrize("rows", [3, MANY])
def test_a_parameter_without_a_column_has_its_default_value_in_every_row(engine: Engine, rows: int) -> None:
    types: list[TypeRef] = [scalar("u8"), array("f64"), scalar("str")]
    for defaults in ({1: v.ArrayF64([1.0, 2.0])}, {1: v.ArrayF64([1.0]), 2: v.String("text")}):
        probe = Probe(engine, types, scalar("u8"), lambda *given: len(given), defaults=defaults)
        assert probe.function.batch([5] * rows).tolist() == [1 + len(defaults)] * rows


# --- columns that are wrong -----------------------------------------------------------------------


def test_columns_of_different_length_are_named_with_their_lengths(engine: Engine) -> None:
    with pytest.raises(ArgumentError, match="different numbers of rows: p0 has 2, p1 has 3") as caught:
        adding(engine).function.batch([1, 2], [1, 2, 3])
    assert (caught.value.module, caught.value.function) == ("host", "probe")


@pytest.mark.parametrize("column", [5, "text", {1: 2}, {1, 2}, None, iter([1]), np.array(1), np.float64(1), int])
def test_what_is_no_column_is_refused(engine: Engine, column: Any) -> None:
    with pytest.raises(ArgumentError, match=r"expected a column .*itertools\.repeat") as caught:
        adding(engine).function.batch([1], column)
    assert caught.value.parameter == "p1"


def test_constants_alone_do_not_say_how_many_rows_there_are(engine: Engine) -> None:
    with pytest.raises(ArgumentError, match="no column says how many rows there are"):
        adding(engine).function.batch(repeat(1), repeat(2))


def test_an_unknown_parameter_is_refused_as_in_a_call(engine: Engine) -> None:
    with pytest.raises(ArgumentError, match="has no such parameter"):
        adding(engine).function.batch([1], other=[2])


@pytest.mark.parametrize("kind", [list, lambda items: np.array(items, np.int64)], ids=["list", "array"])
@pytest.mark.parametrize("wrong", [0, 1, 40, 2999])
def test_the_first_value_that_does_not_fit_is_named_with_its_row(engine: Engine, wrong: int, kind: Any) -> None:
    probe, items = adding(engine), list(range(MANY))
    items[wrong] = -5
    with pytest.raises(ArgumentError, match=f"row {wrong}: parameter p1: -5 is out of range for u32") as caught:
        probe.function.batch(list(range(MANY)), kind(items))
    assert caught.value.row == wrong
    assert len(probe.calls) == wrong


def test_a_column_of_another_type_fails_at_its_first_row(engine: Engine) -> None:
    with pytest.raises(ArgumentError, match=r"row 0: parameter p0: expected an integer \(u32\), got .*1\.5"):
        adding(engine).function.batch(np.full(MANY, 1.5), [0] * MANY)


def test_a_column_that_gets_shorter_while_it_is_read_is_refused(engine: Engine) -> None:
    column = list(range(MANY))
    probe = Probe(engine, [scalar("u32")], answer=lambda item: column.clear())
    with pytest.raises(ArgumentError, match=f"changed while it was read: it had {MANY} rows, and now 0") as caught:
        probe.function.batch(column)
    assert caught.value.parameter == "p0"
    assert caught.value.row == len(probe.calls)


def test_masked_items_and_times_are_refused_as_in_a_call(engine: Engine) -> None:
    function = Probe(engine, [scalar("f64")]).function
    untyped: Any = np.ma
    masked = untyped.masked_array([1.0] * 100, [False] * 50 + [True] + [False] * 49)
    with pytest.raises(ArgumentError, match=r"row 50: .*masked arrays are not accepted"):
        function.batch(masked)
    with pytest.raises(ArgumentError, match=r"row 0: .*times are not accepted"):
        function.batch(np.zeros(100, "M8[s]"))


# --- answers --------------------------------------------------------------------------------------


def test_empty_columns_give_an_empty_answer_of_the_same_type(engine: Engine) -> None:
    assert adding(engine).function.batch([], np.zeros(0)).dtype == np.uint32
    assert Probe(engine, [scalar("u8")], scalar("str")).function.batch([]) == []


@pytest.mark.parametrize("rows", [3, MANY])
def test_answers_are_arrays_of_the_types_of_numbers(engine: Engine, rows: int) -> None:
    kinds: list[tuple[str, Any, str]] = [
        ("u8", int, "u1"),
        ("i64", int, "<i8"),
        ("f32", float, "<f4"),
        ("bool", bool, "?"),
    ]
    for name, convert, type in kinds:
        answer = Probe(engine, [scalar("u8")], scalar(name), convert).function.batch([1] * rows)
        assert (answer.dtype, answer.tolist()) == (np.dtype(type), [1] * rows)


@pytest.mark.parametrize("rows", [3, MANY])
def test_the_largest_integers_are_kept(engine: Engine, rows: int) -> None:
    most = 2**64 - 1
    answer = Probe(engine, [scalar("u64")], scalar("u64"), lambda a: a).function.batch(
        [most, 1, most - 1] * (rows // 3)
    )
    assert answer.tolist() == [most, 1, most - 1] * (rows // 3)


@pytest.mark.parametrize("rows", [3, MANY])
def test_arrays_of_fixed_length_are_rows_of_a_two_dimensional_array(engine: Engine, rows: int) -> None:
    for name, items in [("f64", [1.0, 2.0]), ("u8", [1, 2]), ("bool", [True, False])]:
        type = FixedArrayRef(scalar(name).id, 2)
        answer = Probe(engine, [type], type, lambda a: a).function.batch([items] * rows)
        assert answer.shape == (rows, 2)
        assert answer.tolist() == [items] * rows


@pytest.mark.parametrize("rows", [3, MANY])
def test_structures_of_numbers_are_a_structured_array_that_is_a_column_again(engine: Engine, rows: int) -> None:
    placed = ScalarRef(PLACED.id)
    make = Probe(engine, [scalar("f64")], placed, lambda x: {"pose": {"x": x, "y": [x, x]}, "on": True}).function
    answer = make.batch(np.arange(float(rows)))
    assert answer["pose"]["x"].tolist() == answer["pose"]["y"][:, 1].tolist() == [float(each) for each in range(rows)]
    back = Probe(engine, [placed], scalar("f64"), lambda placed: placed.pose.y[0])
    assert back.function.batch(answer).tolist() == [float(each) for each in range(rows)]


@pytest.mark.parametrize("rows", [3, MANY])
def test_everything_else_is_a_list_of_what_calls_return(engine: Engine, rows: int) -> None:
    def answered(type: Any, value: Any) -> Any:
        return Probe(engine, [scalar("u8")], type, lambda a: value).function.batch([1] * rows)

    assert answered(scalar("str"), "text") == ["text"] * rows
    assert answered(scalar("uuid"), UUID(int=5)) == [UUID(int=5)] * rows
    assert answered(scalar("unit"), None) == [None] * rows
    assert answered(ScalarRef(COLOUR.id), Colour.green) == [Colour.green] * rows
    assert answered(array("f64"), [1.0]) == [buffer("d", [1.0])] * rows
    assert answered(OptionRef(scalar("u8").id), None) == [None] * rows
    assert answered(ScalarRef(INNER.id), Inner("a", 1.0)) == [Inner("a", 1.0)] * rows
    point = answered(ScalarRef(POINT.id), {"x": 1.0, "class_": 2, "on": True, "of": "red"})
    assert (point[-1].x, point[-1].of) == (1.0, Colour.red)


@pytest.mark.parametrize("rows", [3, MANY])
def test_mutable_parameters_make_a_result_of_columns(engine: Engine, rows: int) -> None:
    probe = Probe(engine, [scalar("u8")], scalar("bool"), lambda a: Result(a > 1, {"p0": a + 1}), mutable=True)
    answer = probe.function.batch([1, 2, 3] * (rows // 3))
    assert answer.ret.tolist() == [False, True, True] * (rows // 3)
    assert answer.mutated["p0"].tolist() == [2, 3, 4] * (rows // 3)


@pytest.mark.parametrize("rows", [4, MANY])
def test_null_is_an_error_except_for_an_option(engine: Engine, rows: int) -> None:
    items = [1, None] * (rows // 2)
    with pytest.raises(ArgumentError, match=r"row 1: parameter p0: expected an integer \(u8\), got None"):
        Probe(engine, [scalar("u8")]).function.batch(items)
    optional = OptionRef(scalar("u8").id)
    assert Probe(engine, [optional], optional, lambda a: a).function.batch(items) == items
    for same in ([None] * rows, [2] * rows):
        assert Probe(engine, [optional], optional, lambda a: a).function.batch(same) == same


# --- failures -------------------------------------------------------------------------------------


def failing(item: int) -> int:
    if item % 100 == 99:
        raise KeyError(item)
    if item % 100 == 98:
        raise GuestError(f"not {item}")
    return item


def test_a_failing_row_raises_its_own_exception_with_the_row(engine: Engine) -> None:
    probe = Probe(engine, [scalar("u32")], scalar("u32"), failing)
    with pytest.raises(GuestError, match=r"host\.probe: row 98: not 98") as caught:
        probe.function.batch(np.arange(MANY, dtype=np.uint32))
    assert caught.value.row == 98
    assert len(probe.calls) == 99


def test_an_exception_of_the_host_comes_out_as_itself_with_the_row(engine: Engine) -> None:
    error = KeyError("mine")

    def answer(item: int) -> None:
        if item == 77:
            raise error

    with pytest.raises(KeyError) as caught:
        Probe(engine, [scalar("u32")], answer=answer).function.batch(range(MANY))
    assert caught.value is error
    assert error.row == 77  # type: ignore[attr-defined]


@pytest.mark.parametrize("rows", [100, MANY])
def test_exceptions_are_returned_in_place_on_request(engine: Engine, rows: int) -> None:
    answer = Probe(engine, [scalar("u32")], scalar("u32"), failing).function.batch(range(rows), errors="return")
    assert type(answer) is list
    for row, each in enumerate(answer):
        if row % 100 < 98:
            assert each == row
        else:
            assert type(each) is (KeyError if row % 100 == 99 else GuestError)
            assert vars(each)["row"] == row


def test_arguments_that_do_not_fit_are_returned_in_place_too(engine: Engine) -> None:
    items = [-1 if each % 1000 == 7 else each for each in range(MANY)]
    answer = adding(engine).function.batch(items, repeat(0), errors="return")
    assert [row for row, each in enumerate(answer) if isinstance(each, ArgumentError)] == [7, 1007, 2007]
    assert [each for each in answer if isinstance(each, int)] == [each for each in items if each >= 0]


def test_an_unknown_way_to_treat_errors_is_refused(engine: Engine) -> None:
    with pytest.raises(ValueError, match="errors must be 'raise' or 'return', got 'ignore'"):
        adding(engine).function.batch([1], [1], errors="ignore")  # type: ignore[arg-type]


def test_what_ends_a_program_is_not_returned_in_place(engine: Engine) -> None:
    def interrupted(item: int) -> int:
        if item == 77:
            raise KeyboardInterrupt
        return item

    probe = Probe(engine, [scalar("u32")], scalar("u32"), interrupted)
    with pytest.raises(KeyboardInterrupt):
        probe.function.batch(range(MANY), errors="return")
    assert len(probe.calls) == 78


def test_threads_take_turns_at_an_engine_between_blocks(engine: Engine) -> None:
    function = Probe(engine, [scalar("u32")], scalar("u32"), lambda item: item + 1).function
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda begin: function.batch(range(begin, begin + MANY)), (0, 10_000, 20_000)))
    assert [each.tolist() for each in found] == [list(range(b + 1, b + 1 + MANY)) for b in (0, 10_000, 20_000)]


def test_a_batch_takes_less_than_three_times_the_memory_of_its_columns(engine: Engine) -> None:
    module = load(engine, "wasmtime", ADD, [Entry(Action.ANSWER, ANSWER)], TYPES)
    rows = np.arange(400_000, dtype=np.uint32)
    module["probe"].batch(rows, rows)
    tracemalloc.start()
    try:
        answer = module["probe"].batch(rows, rows)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert answer.nbytes < peak < 2 * 2 * rows.nbytes, "besides the columns themselves"


@pytest.mark.parametrize("rows", [1, MANY])
def test_progress_is_told_what_is_done_until_all_is(engine: Engine, rows: int) -> None:
    told: list[tuple[int, int]] = []
    adding(engine).function.batch(range(rows), range(rows), progress=lambda *each: told.append(each))
    assert told[-1] == (rows, rows)
    assert told == sorted(set(told))


def test_a_call_inside_a_row_is_nested_as_in_a_call(engine: Engine) -> None:
    inner = Probe(engine, [scalar("u32")], scalar("u32"), lambda item: item + 1).function
    with Engine() as other:
        outer = Probe(other, [scalar("u32")], scalar("u32"), lambda item: int(inner.batch([item] * 30)[-1]))
        assert outer.function.batch(range(50)).tolist() == list(range(1, 51))


# --- NumPy ----------------------------------------------------------------------------------------


def test_without_numpy_the_error_says_what_to_install() -> None:
    script = """
import sys
sys.modules["numpy"] = None
from arora_core import Engine
from tests.columns.host_functions import adding
with Engine() as engine:
    try:
        adding(engine).function.batch([1], [2])
    except ImportError as error:
        assert "pip install 'arora-core[numpy]'" in str(error), error
        print("said so")
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout == "said so\n"


def test_numpy_is_imported_by_the_first_batch_and_not_before() -> None:
    script = """
import sys
from arora_core import Engine
from tests.columns.host_functions import adding
with Engine() as engine:
    function = adding(engine).function
    function(1, 2)
    assert "numpy" not in sys.modules
    function.batch([1], [2])
    assert "numpy" in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True)
