"""The law of batches: row i is what ``function(row i)`` would have answered, on every executor.

Random signatures, columns and guests, misbehaving ones among them. The same guest is called row by row and then,
loaded anew, by one batch: with the same answers, the same exceptions at the same rows, and the same state afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arora_core import Engine, Limits, LoadedModule, Result, buffers
from arora_core import values as v
from arora_core.binding.conversion import Conversions
from arora_core.conformance import strategies
from arora_core.header import ExportedFunction
from arora_core.runtime import batch, batch_run
from arora_core.types import FixedArrayRef, OptionRef, ScalarRef, TypeRef
from arora_core.wasm import row_loops
from tests.columns.host_functions import PLACED, POSE, TRACK, TYPES
from tests.columns.scripted_guest import Action, Entry, load
from tests.engine.guest_runners import EXECUTORS
from tests.signatures import COLOUR, COVERED, EMPTY, FUNCTION, POINT, array, function, scalar

CONVERSIONS = Conversions(TYPES)
NUMBERS = [scalar(name) for name in ("u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64", "f32", "f64")]
FIXED: list[TypeRef] = [
    *NUMBERS,
    *map(scalar, ("bool", "uuid", "unit")),
    *[ScalarRef(record.id) for record in (COLOUR, POINT, EMPTY, POSE, PLACED)],
    *[FixedArrayRef(scalar(name).id, 3) for name in ("u8", "f64", "bool")],
    FixedArrayRef(scalar("f32").id, 70),
]
"""Types of fixed size."""
IN_COLUMNS: list[TypeRef] = [*FIXED, *map(array, ("u8", "f64", "bool")), *[OptionRef(each.id) for each in NUMBERS]]
"""Types of parameters whose columns may make buffers of one size."""
LEARNED: list[TypeRef] = [*map(array, ("u8", "f64", "bool")), ScalarRef(TRACK.id)]
"""Types of results that have one size if their arrays have one length."""
RET = st.one_of(*[st.sampled_from(FIXED)] * 3, st.sampled_from(LEARNED), st.sampled_from(COVERED))
PARAMETER = st.one_of(*[st.sampled_from(IN_COLUMNS)] * 3, st.sampled_from(COVERED))

HARMLESS = (Action.ANSWER, Action.ANSWER, Action.ANSWER, Action.ANSWER, Action.KEEP)
ODD = (Action.NOTHING, Action.OWN_ARGUMENT, Action.SCRIBBLE, Action.CALL)
IN_A_SANDBOX = (Action.TRAP, Action.OUTSIDE, Action.GROW)


class Case(NamedTuple):
    """A function, its columns, and how the guest behaves."""

    export: ExportedFunction
    columns: list[Any]
    script: list[Entry]
    host_fails: bool
    limits: Limits | None
    after_trap: str

    def row(self, index: int) -> list[Any]:
        return [_item(column, index) for column in self.columns]


@st.composite
def cases(draw: st.DrawFn, executor: str) -> Case:
    export = function(draw(st.lists(PARAMETER, min_size=1, max_size=3)), draw(RET), draw(st.booleans()))
    count = draw(st.integers(1, 12) | st.integers(20, 50))
    columns = [draw(column(each.type, count)) for each in export.parameters]
    script = draw(st.lists(entries(export, executor), min_size=1, max_size=5))
    limits = [None, None, Limits(result=64), *([Limits(fuel=4000)] if executor == "wasmtime" else [])]
    after_trap = draw(st.sampled_from(["repair", "repair", "restart"]))
    return Case(export, columns, script, draw(st.booleans()), draw(st.sampled_from(limits)), after_trap)


def column(type: TypeRef, count: int) -> st.SearchStrategy[Any]:
    values = strategies.values_of(type, TYPES, max_size=3).map(CONVERSIONS.of(type).to_python)
    columns: list[st.SearchStrategy[Any]] = [
        st.lists(values, min_size=count, max_size=count),
        values.map(lambda value: [value] * count),
    ]
    if type in NUMBERS:
        kinds = st.sampled_from(["u1", "<i2", ">u4", "<i8", "<u8", "<f4", "<f8"])
        numbers = st.lists(st.integers(0, 300), min_size=count, max_size=count)
        columns.append(st.builds(lambda kind, items: np.array(items).astype(kind), kinds, numbers))
        columns.append(st.lists(st.integers(-5, 300) | st.floats(), min_size=count, max_size=count))
    return st.one_of(columns)


@st.composite
def entries(draw: st.DrawFn, export: ExportedFunction, executor: str) -> Entry:
    answered = [(FUNCTION, draw(strategies.values_of(export.ret, TYPES, max_size=3)))]
    for each in export.parameters:
        if each.mutable:
            answered.append((each.id, draw(strategies.values_of(each.type, TYPES, max_size=3))))
    result = buffers.encode(v.Structure(FUNCTION, answered))
    how = draw(st.integers(0, 9))
    if how == 0:
        result = buffers.encode_error("no")
    elif how == 1:
        place = draw(st.integers(4, len(result) - 1))
        result = result[:place] + bytes([result[place] ^ draw(st.sampled_from([1, 2, 0x80]))]) + result[place + 1 :]
    elif how == 2:
        result = buffers.encode(draw(strategies.values_of(draw(st.sampled_from(FIXED)), TYPES)))
    actions = [*HARMLESS * 3, *ODD, *(IN_A_SANDBOX if not executor.startswith("native") else ())]
    return Entry(draw(st.sampled_from(actions)), result)


# --- one call after another ---------------------------------------------------------------------------


class Outcome(NamedTuple):
    """What a row answered or raised, and the guest's state after it."""

    answer: Any
    state: int


def one_by_one(module: LoadedModule, case: Case, count: int) -> Iterator[Outcome]:
    for index in range(count):
        try:
            answer = module["probe"](*case.row(index))
        except Exception as error:
            answer = error
        yield Outcome(answer, module["state"]())


@contextmanager
def loaded(executor: str, case: Case) -> Iterator[LoadedModule]:
    def callback() -> v.Value:
        if case.host_fails:
            raise KeyError("host")
        return v.U8(5)

    with Engine() as engine:
        assert engine.register_callable(callback) == 1
        yield load(engine, executor, case.export, case.script, TYPES, case.limits, case.after_trap)


def _item(column: Any, index: int) -> Any:
    return column[index]


# --- comparison ---------------------------------------------------------------------------------------


def plain(answer: Any) -> Any:
    """Return an answer, of a call or of a column, in a form that compares: a NaN is equal to itself."""
    if isinstance(answer, Exception):
        known = {name: each for name, each in vars(answer).items() if name not in ("row", "stderr")}
        # Addresses in messages: a batch has other memory of the guest's than a call.
        return type(answer), *(re.sub("0x[0-9a-f]+", "0x", repr(each)) for each in (answer.args, known))
    if isinstance(answer, np.void):
        return [plain(answer[name]) for name in answer.dtype.names or ()]
    if isinstance(answer, (np.ndarray, np.generic)):
        return plain(answer.tolist())
    if is_dataclass(answer) and not isinstance(answer, (type, Enum)):
        return [plain(getattr(answer, field.name)) for field in fields(answer)]
    if isinstance(answer, (list, tuple)):
        return [plain(each) for each in answer]
    if isinstance(answer, (bytes, memoryview)) or hasattr(answer, "typecode"):
        return [plain(each) for each in answer]
    return repr(answer)


def row_of(answer: Any, index: int) -> Any:
    """Return row ``index`` of a column, or of the columns of a Result."""
    if not isinstance(answer, Result):
        return answer[index]
    ret, mutated = answer.ret[index], {name: each[index] for name, each in answer.mutated.items()}
    if isinstance(ret, Exception):
        assert all(each is ret for each in mutated.values())
        return ret
    return Result(ret, mutated)


def same_row(expected: Any, found: Any) -> None:
    if isinstance(expected, Result):
        assert isinstance(found, Result)
        assert plain(expected.ret) == plain(found.ret)
        assert expected.mutated.keys() == found.mutated.keys()
        for name, each in expected.mutated.items():
            assert plain(each) == plain(found.mutated[name])
    else:
        assert plain(expected) == plain(found)


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make batches of a few rows go the way of those of many."""
    monkeypatch.setattr(batch, "FEW", 0)
    monkeypatch.setattr(batch_run, "FEW", 1)
    monkeypatch.setattr(batch_run, "_FIRST", 3)
    monkeypatch.setattr(row_loops, "_WORTH", 1)


EVERY_EXECUTOR = pytest.mark.parametrize("executor", EXECUTORS)
RUNS = settings(max_examples=40, suppress_health_check=list(HealthCheck))


@EVERY_EXECUTOR
@RUNS
@given(data=st.data())
def test_rows_answer_or_raise_as_calls_do_and_leave_the_same_state(executor: str, data: st.DataObject) -> None:
    case = data.draw(cases(executor))
    count = len(case.columns[0])
    with loaded(executor, case) as module:
        expected = list(one_by_one(module, case, count))
    with loaded(executor, case) as module:
        found = module["probe"].batch(*case.columns, errors="return")
        state = module["state"]()
    for row, outcome in enumerate(expected):
        same_row(outcome.answer, row_of(found, row))
        if isinstance(outcome.answer, Exception):
            assert vars(row_of(found, row))["row"] == row
    assert state == expected[-1].state


@EVERY_EXECUTOR
@RUNS
@given(data=st.data())
def test_the_first_row_that_fails_raises_and_no_row_is_called_after_it(executor: str, data: st.DataObject) -> None:
    case = data.draw(cases(executor))
    count = len(case.columns[0])
    expected: list[Outcome] = []
    with loaded(executor, case) as module:
        for outcome in one_by_one(module, case, count):
            expected.append(outcome)
            if isinstance(outcome.answer, Exception):
                break
    with loaded(executor, case) as module:
        last = expected[-1].answer
        if isinstance(last, Exception):
            with pytest.raises(type(last)) as caught:
                module["probe"].batch(*case.columns)
            assert plain(caught.value) == plain(last)
            assert vars(caught.value)["row"] == len(expected) - 1
        else:
            found = module["probe"].batch(*case.columns)
            for row, outcome in enumerate(expected):
                same_row(outcome.answer, row_of(found, row))
        assert module["state"]() == expected[-1].state
