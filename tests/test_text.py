"""Values, calls and results as plain data (ABI §9), and the errors about invalid data."""

from __future__ import annotations

import json
import math
import pickle
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
import yaml  # type: ignore[import-untyped,unused-ignore]
from hypothesis import given, settings
from hypothesis import strategies as st

from arora_core import text
from arora_core import values as v
from arora_core.calls import Call, CallResult, Result
from arora_core.errors import ArgumentError
from arora_core.header import Header

A, B = UUID(int=0xA), UUID(int=0xB)
VECTORS = json.loads((Path(__file__).parent / "vectors" / "buffers.json").read_text(encoding="utf-8"))

FORMS: list[tuple[v.Value, object]] = [
    (v.Unit(), "unit"),
    (v.Boolean(True), {"bool": True}),
    (v.U8(1), {"u8": 1}),
    (v.I64(-1), {"i64": -1}),
    (v.F32(0.5), {"f32": 0.5}),
    (v.F64(math.inf), {"f64": "Infinity"}),
    (v.F64(-math.inf), {"f64": "-Infinity"}),
    (v.F64(math.nan), {"f64": "NaN"}),
    (v.String("x"), {"str": "x"}),
    (v.Uuid(A), {"uuid": str(A)}),
    (v.Option(), {"option": None}),
    (v.Option(v.I32(1)), {"option": {"i32": 1}}),
    (v.Option(v.Option()), {"option": {"option": None}}),
    (v.Structure(A, [(B, v.U8(1))]), {"struct": {"id": str(A), "fields": [{"id": str(B), "value": {"u8": 1}}]}}),
    (v.Enumeration(A, B), {"enum": {"id": str(A), "variant_id": str(B), "value": "unit"}}),
    (v.ArrayBoolean([True]), {"bools": [True]}),
    (v.ArrayU8([1, 2]), {"u8s": [1, 2]}),
    (v.ArrayF32([0.5, math.inf]), {"f32s": [0.5, "Infinity"]}),
    (v.ArrayString(["x"]), {"strs": ["x"]}),
    (v.ArrayValue([v.U8(1), v.Unit()]), {"values": [{"u8": 1}, "unit"]}),
    (
        v.ArrayStructure(A, [[(B, v.U8(1))], []]),
        {"structs": {"id": str(A), "elements": [{"fields": [{"id": str(B), "value": {"u8": 1}}]}, {"fields": []}]}},
    ),
    (
        v.ArrayEnumeration(A, [(B, v.U8(1))]),
        {"enums": {"id": str(A), "elements": [{"variant_id": str(B), "value": {"u8": 1}}]}},
    ),
    (
        v.KeyValue(A, {"k": (B, v.U8(1)), "l": (B, None)}),
        {
            "keyvalue": {
                "id": str(A),
                "fields": {
                    "k": {"id": str(B), "name": "k", "value": {"u8": 1}},
                    "l": {"id": str(B), "name": "l", "value": None},
                },
            }
        },
    ),
]


@pytest.mark.parametrize(("value", "data"), FORMS)
def test_a_value_has_one_plain_form_in_both_directions(value: v.Value, data: object) -> None:
    assert text.to_data(value) == data
    assert text.from_data(data) == value


@pytest.mark.parametrize("row", [row for row in VECTORS if "value" in row], ids=lambda row: row["hex"][:40])
def test_the_text_of_every_vector_survives_parsing_and_writing(row: dict[str, Any]) -> None:
    value = text.from_data(row["value"])
    assert text.to_data(value) == row["value"]


@pytest.mark.parametrize(
    ("data", "value"),
    [
        ({"unit": None}, v.Unit()),
        ({"f64": 1}, v.F64(1)),
        ({"f64": math.nan}, v.F64(math.nan)),
        ({"f64s": [1, "NaN"]}, v.ArrayF64([1, math.nan])),
        ({"uuid": str(A).upper()}, v.Uuid(A)),
        ({"keyvalue": {"id": str(A), "fields": {"k": {"id": str(B)}}}}, v.KeyValue(A, {"k": (B, None)})),
        (
            {"keyvalue": {"id": str(A), "fields": {"k": {"id": str(B), "value": "unit"}}}},
            v.KeyValue(A, {"k": (B, None)}),
        ),
    ],
)
def test_other_spellings_of_a_value_are_accepted(data: object, value: v.Value) -> None:
    assert text.from_data(data) == value


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (5, "expected a value with its tag, such as {f64: 0.5} or unit, got 5"),
        (None, "expected a value with its tag"),
        ("u8", "expected a value with its tag"),
        ({}, "expected a value with its tag"),
        ({"u8": 1, "u16": 1}, "expected a value with its tag"),
        ({8: 1}, "expected a text key, got 8"),
        ({"boolean": True}, "unknown tag 'boolean', did you mean 'bool'?"),
        ({"F64": 1}, "unknown tag 'F64', did you mean 'f64'?"),
        ({"unit": 1}, "unit: expected nothing"),
        ({"bool": 1}, "bool: expected true or false, got 1"),
        ({"u8": 300}, "u8: 300 is out of range for u8 (0 to 255)"),
        ({"u8": True}, "u8: expected an integer (u8), got bool True"),
        ({"u8": 1.0}, "u8: expected an integer"),
        ({"f64": "nan"}, "f64: expected a number (f64), got str 'nan'"),
        ({"f32": 1e300}, "f32: 1e+300 is out of range for f32"),
        ({"str": 5}, "str: expected text, got 5"),
        ({"str": "\ud800"}, "str: lone surrogate"),
        ({"uuid": "x"}, "uuid: expected a UUID, got 'x'"),
        ({"uuid": "0" * 31}, "uuid: expected a UUID"),
        ({"option": 5}, "option: expected a value with its tag"),
        ({"u8s": 5}, "u8s: expected a list, got 5"),
        ({"u8s": "abc"}, "u8s: expected a list, got 'abc'"),
        ({"u8s": [1, 300]}, "u8s[1]: 300 is out of range"),
        ({"f64s": [1, "x"]}, "f64s[1]: expected a number"),
        ({"bools": [1]}, "bools[0]: expected a bool"),
        ({"strs": ["x", 5]}, "strs[1]: expected a str"),
        ({"values": ["unit", {"u8": -1}]}, "values[1].u8: -1 is out of range"),
        ({"struct": []}, "struct: expected a mapping, got a list"),
        ({"struct": {"id": str(A)}}, "struct.fields: the key 'fields' is missing"),
        ({"struct": {"id": str(A), "field": []}}, "struct.field: unknown key 'field', did you mean 'fields'?"),
        (
            {"struct": {"id": str(A), "fields": [{"id": 5, "value": "unit"}]}},
            "struct.fields[0].id: expected a UUID, got 5",
        ),
        ({"enum": {"id": str(A), "variant_id": str(B), "value": {"u8": -1}}}, "enum.value.u8: -1"),
        ({"structs": {"id": str(A), "elements": [{}]}}, "structs.elements[0].fields: the key 'fields' is missing"),
        (
            {"enums": {"id": str(A), "elements": [{"variant_id": 1, "value": "unit"}]}},
            "enums.elements[0].variant_id: expected",
        ),
        (
            {"keyvalue": {"id": str(A), "fields": {"a b": {"id": 5}}}},
            "keyvalue.fields['a b'].id: expected a UUID, got 5",
        ),
        (
            {"keyvalue": {"id": str(A), "fields": {"k": {"id": str(B), "name": "j"}}}},
            "keyvalue.fields.k.name: expected the key, 'k', got 'j'",
        ),
    ],
)
def test_invalid_data_is_refused_with_its_path(data: object, message: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        text.from_data(data)
    assert str(caught.value).startswith(message)


def test_data_that_contains_itself_is_refused() -> None:
    data: dict[str, object] = {}
    data["option"] = data
    with pytest.raises(ArgumentError, match="values nest deeper than 100 levels"):
        text.from_data(data)


def test_the_deepest_value_of_a_buffer_is_not_too_deep_for_text() -> None:
    value: v.Value = v.Unit()
    for _ in range(70):
        value = v.ArrayStructure(A, [[(B, value)]])
    assert text.from_data(text.to_data(value)) == value


@pytest.mark.parametrize(
    "around",
    [
        v.Option,
        lambda value: v.ArrayValue([value]),
        lambda value: v.Structure(A, [(B, value)]),
        lambda value: v.ArrayStructure(A, [[(B, value)]]),
        lambda value: v.Enumeration(A, B, value),
        lambda value: v.ArrayEnumeration(A, [(B, value)]),
        lambda value: v.KeyValue(A, {"key": (B, value)}),
    ],
)
def test_a_value_is_written_as_deep_as_it_is_read(around: Callable[[v.Value], v.Value]) -> None:
    value: v.Value = v.U8(1)
    levels = 1
    with suppress(ValueError):
        while True:
            assert text.from_data(text.to_data(value)) == value
            value, levels = around(value), levels + 1
    assert 50 <= levels <= 101
    for _ in range(10_000):
        value = around(value)
    with pytest.raises(ValueError, match="values nest deeper than 100 levels"):
        text.to_data(value)
    with pytest.raises(ValueError, match="values nest deeper than 100 levels"):
        text.result_to_data(CallResult(value, {}))


def test_only_values_have_a_plain_form() -> None:
    with pytest.raises(TypeError, match=r"expected a value of arora_core\.values, got int"):
        text.to_data(5)  # type: ignore[arg-type]


# --- calls ---------------------------------------------------------------------------------------


def test_a_call_has_a_plain_form() -> None:
    call = Call(module_id=A, id=B, args={A: v.U8(1)})
    data = {"module_id": str(A), "id": str(B), "args": [{"id": str(A), "value": {"u8": 1}}]}
    assert text.call_to_data(call) == data
    assert text.call_from_data(data) == call


def test_floats_of_a_call_that_are_not_finite_may_stay_floats() -> None:
    call = Call(id=B, args={A: v.ArrayF64([-math.inf])})
    (argument,) = cast(list[dict[str, object]], text.call_to_data(call, floats=True)["args"])
    assert argument["value"] == {"f64s": [-math.inf]}
    assert text.call_from_data(text.call_to_data(call, floats=True)) == call


def test_a_call_may_leave_out_its_module_and_arguments() -> None:
    assert text.call_from_data({"id": str(B)}) == Call(id=B, args={})
    assert "module_id" not in text.call_to_data(Call(id=B, args={}))


def test_a_call_result_has_a_plain_form() -> None:
    result = CallResult(v.Unit(), {A: v.U8(1)})
    data = {"ret": "unit", "mutated": [{"id": str(A), "value": {"u8": 1}}]}
    assert text.result_to_data(result) == data
    assert text.result_from_data(data) == result


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "expected a mapping, got a list"),
        ({}, "id: the key 'id' is missing"),
        ({"id": str(A), "arg": []}, "arg: unknown key 'arg', did you mean 'args'?"),
        ({"id": str(A), "args": {}}, "args: expected a list, got a mapping"),
        ({"id": str(A), "module_id": "arm"}, "module_id: expected a UUID, got 'arm'"),
        (
            {
                "id": str(A),
                "args": [
                    {"id": str(A), "value": "unit"},
                    {"id": str(B), "value": {"struct": {"id": str(A), "fields": [{"id": 5, "value": "unit"}]}}},
                ],
            },
            "args[1].value.struct.fields[0].id: expected a UUID, got 5",
        ),
        (
            {"id": str(A), "args": [{"id": str(B), "value": "unit"}] * 2},
            f"args[1].id: the parameter {B} is given twice",
        ),
    ],
)
def test_an_invalid_call_is_refused_with_the_path_of_the_mistake(data: object, message: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        text.call_from_data(data)
    assert str(caught.value).startswith(message)


def test_a_call_accepts_ids_as_text_and_arguments_as_pairs() -> None:
    assert Call(str(B), [(str(A), v.U8(1))], str(A)) == Call(module_id=A, id=B, args={A: v.U8(1)})


def test_a_call_with_a_parameter_twice_is_refused() -> None:
    with pytest.raises(ArgumentError, match="given twice"):
        Call(id=B, args=[(A, v.U8(1)), (str(A), v.U8(2))])


def test_a_call_with_an_argument_that_is_not_a_value_is_refused() -> None:
    with pytest.raises(TypeError, match="expected a value"):
        Call(id=B, args={A: 5})  # type: ignore[arg-type]


def test_calls_and_results_are_immutable_hashable_and_pickle() -> None:
    call, result = Call(B, {A: v.U8(1)}), CallResult(v.Unit(), {A: v.U8(1)})
    assert pickle.loads(pickle.dumps(call)) == call
    assert pickle.loads(pickle.dumps(result)) == result
    assert len({call, Call(B, {A: v.U8(1)}), result}) == 2
    with pytest.raises(TypeError):
        call.args[B] = v.Unit()  # type: ignore[index]
    with pytest.raises(AttributeError):
        call.id = A  # type: ignore[misc]


def test_a_python_result_is_a_pair() -> None:
    ret, mutated = Result(1, {"pose": 2})
    assert (ret, mutated) == (1, {"pose": 2})


# --- properties ----------------------------------------------------------------------------------

IDS = st.uuids()
# UTF-8 cannot encode surrogates.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
# Text does not keep the payload of a NaN, so only the NaN that Python itself makes.
FLOATS = st.floats().map(lambda number: math.nan if math.isnan(number) else number)
SINGLES = st.floats(width=32).map(lambda number: math.nan if math.isnan(number) else number)


def integers(cls: type[v.Integer] | type[v.NumberArray]) -> st.SearchStrategy[int]:
    return st.integers(cls.kind.low, cls.kind.high)


def number_arrays(cls: type[v.NumberArray]) -> st.SearchStrategy[v.Value]:
    items: st.SearchStrategy[Any] = integers(cls)
    if cls.kind.is_float:
        items = FLOATS if cls is v.ArrayF64 else SINGLES
    return st.builds(cls, st.lists(items, max_size=4))


LEAVES: st.SearchStrategy[v.Value] = st.one_of(
    st.builds(v.Unit),
    st.builds(v.Boolean, st.booleans()),
    *(st.builds(cls, integers(cls)) for cls in v.INTEGERS),
    st.builds(v.F32, SINGLES),
    st.builds(v.F64, FLOATS),
    st.builds(v.String, TEXT),
    st.builds(v.Uuid, IDS),
    *map(number_arrays, v.NUMBER_ARRAYS),
    st.builds(v.ArrayBoolean, st.lists(st.booleans(), max_size=4)),
    st.builds(v.ArrayString, st.lists(TEXT, max_size=4)),
)


def composites(values: st.SearchStrategy[v.Value]) -> st.SearchStrategy[v.Value]:
    pairs = st.lists(st.tuples(IDS, values), max_size=3)
    return st.one_of(
        st.builds(v.Option, st.none() | values),
        st.builds(v.Structure, IDS, pairs),
        st.builds(v.Enumeration, IDS, IDS, values),
        st.builds(v.ArrayValue, st.lists(values, max_size=3)),
        st.builds(v.ArrayStructure, IDS, st.lists(pairs, max_size=3)),
        st.builds(v.ArrayEnumeration, IDS, pairs),
        st.builds(v.KeyValue, IDS, st.dictionaries(TEXT, st.tuples(IDS, st.none() | values), max_size=3)),
    )


VALUES = st.recursive(LEAVES, composites, max_leaves=12)


@given(VALUES)
def test_a_value_survives_the_round_trip_through_json(value: v.Value) -> None:
    assert text.from_data(json.loads(json.dumps(text.to_data(value), allow_nan=False))) == value


@settings(max_examples=50)
@given(VALUES)
def test_a_value_survives_the_round_trip_through_yaml(value: v.Value) -> None:
    assert text.from_data(yaml.safe_load(yaml.safe_dump(text.to_data(value), allow_unicode=False))) == value


KEYS = TEXT | st.sampled_from(["u8", "f64s", "struct", "id", "fields", "option", "values", "keyvalue"])
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner),
    max_leaves=8,
)


@given(JUNK)
def test_any_data_is_a_value_or_an_argument_error(data: object) -> None:
    try:
        value = text.from_data(data)
    except ArgumentError:
        return
    assert text.from_data(text.to_data(value)) == value


def test_a_nan_is_the_same_from_yaml_and_from_json() -> None:
    from_yaml = Header.parse(HEADER_WITH_DEFAULT.replace("DEFAULT", ".nan"))
    from_json = Header.parse(HEADER_WITH_DEFAULT.replace("DEFAULT", "NaN"))
    assert from_yaml == from_json


HEADER_WITH_DEFAULT = """
id: 22222222-2222-4222-8222-222222222222
name: probe
author: ""
license: ""
version: {major: 1, minor: 0, patch: 0}
executor: {name: wasm}
exports:
  - type: function
    id: 22222222-2222-4222-8222-222222222210
    name: f
    parameters:
      - id: 22222222-2222-4222-8222-222222222211
        name: x
        type: {kind: scalar, id: f64}
        default_value: {f64: DEFAULT}
"""
