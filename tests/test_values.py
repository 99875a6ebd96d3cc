"""Values are checked on construction, immutable, and equal exactly when they encode to the same bytes."""

from __future__ import annotations

import copy
import pickle
import struct
from array import array
from collections.abc import Callable
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arora_core import buffers
from arora_core import values as v

ID = UUID(int=0xAA)
OTHER = UUID(int=0xBB)

SAMPLES: list[v.Value] = [
    v.Unit(),
    v.Boolean(True),
    *[cls(7) for cls in v.INTEGERS],
    v.F32(0.5),
    v.F64(-0.0),
    v.String("naïve"),
    v.Uuid(ID),
    v.Option(None),
    v.Option(v.Option(v.U8(1))),
    v.Structure(ID, [(OTHER, v.U8(1))]),
    v.Enumeration(ID, OTHER),
    v.KeyValue(ID, {"a": (OTHER, v.U8(1)), "b": (OTHER, None)}),
    *[cls([1, 2, 3]) for cls in v.NUMBER_ARRAYS],
    v.ArrayBoolean([True, False]),
    v.ArrayString(["a", ""]),
    v.ArrayValue([v.Unit(), v.U8(1)]),
    v.ArrayStructure(ID, [[(OTHER, v.U8(1))], []]),
    v.ArrayEnumeration(ID, [(OTHER, v.U8(1))]),
]
NAMES = [f"{index}-{type(value).__name__}" for index, value in enumerate(SAMPLES)]


@pytest.mark.parametrize("left", range(len(SAMPLES)), ids=NAMES)
def test_values_are_equal_exactly_when_they_encode_alike(left: int) -> None:
    for right, value in enumerate(SAMPLES):
        same_bytes = buffers.encode(SAMPLES[left]) == buffers.encode(value)
        assert (SAMPLES[left] == value) == same_bytes == (left == right)
        assert not same_bytes or hash(SAMPLES[left]) == hash(value)


@pytest.mark.parametrize("value", SAMPLES, ids=NAMES)
def test_a_value_survives_copy_and_pickle(value: v.Value) -> None:
    assert copy.deepcopy(value) == value
    assert pickle.loads(pickle.dumps(value)) == value


def test_a_value_of_any_depth_is_copied() -> None:
    value: v.Value = v.U8(1)
    for _ in range(10_000):
        value = v.Structure(ID, [(OTHER, value)])
    assert copy.copy(value) is value
    assert copy.deepcopy([value])[0] is value


@pytest.mark.parametrize("value", SAMPLES, ids=NAMES)
def test_a_value_cannot_be_changed(value: v.Value) -> None:
    with pytest.raises(AttributeError, match="immutable"):
        value.value = 1
    with pytest.raises(AttributeError, match="immutable"):
        value.anything = 1


@pytest.mark.parametrize("value", [each for each in SAMPLES if type(each).__name__ not in ("KeyValue",)])
def test_the_repr_of_a_short_value_evaluates_to_it(value: v.Value) -> None:
    names = {**vars(v), "UUID": UUID}
    assert eval(repr(value), names) == value


def test_a_nan_equals_itself_and_minus_zero_differs_from_zero() -> None:
    nan = float("nan")
    assert v.F64(nan) == v.F64(nan)
    assert v.F32(nan) == v.F32(nan)
    assert v.ArrayF64([nan]) == v.ArrayF64([nan])
    assert v.F64(0.0) != v.F64(-0.0)
    assert v.F32(0.0) != v.F32(-0.0)
    assert v.ArrayF32([0.0]) != v.ArrayF32([-0.0])


def test_numbers_of_different_types_differ() -> None:
    assert v.U8(1) != v.I8(1)
    assert v.U8(1) != v.Boolean(True)
    assert v.U8(1) != 1


def test_an_f32_is_rounded_to_single_precision() -> None:
    assert v.F32(0.1).value == struct.unpack("<f", struct.pack("<f", 0.1))[0]
    assert v.F32(0.1) == v.F32(v.F32(0.1).value)


@pytest.mark.parametrize("cls", v.INTEGERS)
def test_an_integer_takes_its_whole_range_and_no_more(cls: type[v.Integer]) -> None:
    low, high = cls.kind.low, cls.kind.high
    assert (cls(low).value, cls(high).value) == (low, high)
    for number in (low - 1, high + 1):
        with pytest.raises(ValueError, match=f"{number} is out of range for {cls.kind}"):
            cls(number)


REFUSED: dict[str, tuple[Callable[[], object], type[Exception], str]] = {
    "a bool for an integer": (lambda: v.U8(True), TypeError, "got bool True"),
    "a float for an integer": (lambda: v.U8(1.0), TypeError, "got float 1.0"),  # type: ignore[arg-type]
    "text for an integer": (lambda: v.U8("1"), TypeError, "got str '1'"),  # type: ignore[arg-type]
    "nothing for an integer": (lambda: v.U8(None), TypeError, "got None"),  # type: ignore[arg-type]
    "a bool for a float": (lambda: v.F64(True), TypeError, "got bool True"),
    "text for a float": (lambda: v.F64("1"), TypeError, "got str '1'"),  # type: ignore[arg-type]
    "too much for an f32": (lambda: v.F32(1e300), ValueError, "out of range for f32"),
    "an integer too large for a float": (lambda: v.F64(10**400), ValueError, "out of range for f64"),
    "an integer for a bool": (lambda: v.Boolean(1), TypeError, "expected a bool"),  # type: ignore[arg-type]
    "bytes for text": (lambda: v.String(b"x"), TypeError, "expected a str"),  # type: ignore[arg-type]
    "a lone surrogate": (lambda: v.String("a\ud800"), ValueError, "surrogate at character 1"),
    "a lone surrogate in a key": (lambda: v.KeyValue(ID, {"\ud800": (ID, None)}), ValueError, "surrogate"),
    "text that is not a UUID": (lambda: v.Uuid("x"), ValueError, "'x' is not a UUID"),
    "a number for an id": (lambda: v.Structure(5, []), TypeError, "expected a UUID"),  # type: ignore[arg-type]
    "plain Python in an option": (lambda: v.Option(5), TypeError, "got int 5"),  # type: ignore[arg-type]
    "a bool among integers": (lambda: v.ArrayU8([1, True]), TypeError, r"^\[1\]: .* got bool True"),
    "a float among integers": (lambda: v.ArrayU8([1, 2, 3.0]), TypeError, r"^\[2\]: .* got float"),
    "an item out of range": (lambda: v.ArrayU8([1, 300]), ValueError, r"^\[1\]: 300 is out of range for u8"),
    "an item too large for f32": (lambda: v.ArrayF32([1.0, 1e39]), ValueError, r"^\[1\]: "),
    "bytes for wider numbers": (lambda: v.ArrayU16(b"abcd"), TypeError, "got bytes"),
    "text for numbers": (lambda: v.ArrayU8("12"), TypeError, "got str"),
    "one number for an array": (lambda: v.ArrayU8(1), TypeError, "got int 1"),
    "a set": (lambda: v.ArrayU8({1}), TypeError, "got set"),
    "two dimensions": (lambda: v.ArrayF64(np.zeros((2, 2))), TypeError, r"shape \(2, 2\)"),
    "an integer among bools": (lambda: v.ArrayBoolean([True, 1]), TypeError, r"^\[1\]: expected a bool"),  # type: ignore[list-item]
    "text for texts": (lambda: v.ArrayString("ab"), TypeError, "expected a sequence"),
    "a number among texts": (lambda: v.ArrayString(["a", 1]), TypeError, r"^\[1\]: expected a str"),  # type: ignore[list-item]
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_invalid_argument_is_refused_with_the_reason(case: str) -> None:
    make, error, message = REFUSED[case]
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("cls", v.NUMBER_ARRAYS)
def test_a_number_array_takes_any_buffer_or_sequence_of_its_items(cls: type[v.NumberArray]) -> None:
    expected = cls([1, 2, 3])
    packed = array(cls.kind.code, [1, 2, 3])
    numpy = np.array([1, 2, 3], dtype=cls.kind.code)
    for items in (
        (1, 2, 3),
        range(1, 4),
        packed,
        memoryview(packed),
        numpy,
        numpy.astype(numpy.dtype.newbyteorder(">")),
    ):
        assert cls(items) == expected
    assert cls(np.array([1, 9, 2, 9, 3, 9], dtype=cls.kind.code)[::2]) == expected


def test_a_buffer_of_another_item_type_is_checked_item_by_item() -> None:
    assert v.ArrayU8(np.array([1, 255], dtype=np.int64)) == v.ArrayU8([1, 255])
    assert v.ArrayF64(np.array([1, 2], dtype=np.int32)) == v.ArrayF64([1.0, 2.0])
    with pytest.raises(ValueError, match=r"^\[1\]: 256"):
        v.ArrayU8(np.array([1, 256], dtype=np.int64))
    with pytest.raises(TypeError, match="float"):
        v.ArrayU8(np.array([1.0]))


def test_numpy_scalars_are_numbers_and_bools() -> None:
    assert v.U8(np.int64(5)) == v.U8(5)
    assert v.F32(np.float32(0.1)) == v.F32(0.1)
    assert v.F64(np.int8(1)) == v.F64(1.0)
    assert v.Boolean(np.bool_(True)) == v.Boolean(True)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        v.U8(np.bool_(True))  # type: ignore[arg-type,unused-ignore]


@given(st.lists(st.floats(allow_subnormal=True)))
def test_an_f64_array_keeps_every_float(items: list[float]) -> None:
    assert v.ArrayF64(items).raw == struct.pack(f"<{len(items)}d", *items)
    assert v.ArrayF64(v.ArrayF64(items).items) == v.ArrayF64(items)


def test_an_array_reads_like_a_sequence() -> None:
    value = v.ArrayI16([5, -6, 7])
    assert (len(value), list(value), value[1]) == (3, [5, -6, 7], -6)
    assert list(v.ArrayString(["a"])) == ["a"]


def test_a_long_array_has_a_short_repr() -> None:
    assert len(repr(v.ArrayF64(np.zeros(1_000_000)))) < 200


def test_a_pair_is_accepted_as_a_field() -> None:
    assert v.Structure(ID, [(OTHER, v.U8(1))]) == v.Structure(str(ID), [v.Field(OTHER, v.U8(1))])
    assert v.Structure(ID, [(OTHER, v.U8(1))]).fields[0].id == OTHER


def test_the_order_of_fields_matters_and_that_of_map_entries_does_not() -> None:
    fields = [(ID, v.U8(1)), (OTHER, v.U8(2))]
    assert v.Structure(ID, fields) != v.Structure(ID, fields[::-1])
    entries = {"a": (ID, v.U8(1)), "b": (ID, v.U8(2))}
    assert v.KeyValue(ID, entries) == v.KeyValue(ID, dict(reversed(entries.items())))


def test_the_fields_of_a_map_are_read_only() -> None:
    fields: Any = v.KeyValue(ID, {"a": (ID, None)}).fields
    with pytest.raises(TypeError):
        fields["b"] = None
