"""Conversion of plain Python objects to values and back, by declared type (the table in the README)."""

from __future__ import annotations

import copy
import pickle
from array import array
from dataclasses import FrozenInstanceError
from enum import Enum
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from arora_core import TypeRegistry
from arora_core import values as v
from arora_core.binding.conversion import Conversions
from arora_core.binding.generated_classes import Variant, enumeration_class, structure_class
from arora_core.types import (
    TYPE_IDS,
    ArrayRef,
    EnumerationType,
    FieldType,
    FixedArrayRef,
    MapRef,
    OptionRef,
    ScalarRef,
    StructureType,
    TypeMismatch,
    TypeRef,
    VariantType,
    Version,
)


def number(of: int) -> UUID:
    return UUID(int=0xABC000 + of)


def scalar(name: str) -> ScalarRef:
    return ScalarRef(TYPE_IDS[name])


ONE = Version(1, 0, 0)
POINT = StructureType(
    number(1),
    "Point",
    "geometry.Point",
    ONE,
    (FieldType(number(11), "x", scalar("f64")), FieldType(number(12), "class", scalar("u8"))),
)
PATH = StructureType(
    number(2),
    "Path",
    "geometry.Path",
    ONE,
    (FieldType(number(21), "points", ArrayRef(POINT.id)), FieldType(number(22), "next", OptionRef(number(2)))),
)
COLOUR = EnumerationType(
    number(3),
    "Colour",
    "paint.Colour",
    ONE,
    (VariantType(number(31), "red", scalar("unit")), VariantType(number(32), "green", scalar("unit"))),
)
SHAPE = EnumerationType(
    number(4),
    "Shape",
    "geometry.Shape",
    ONE,
    (VariantType(number(41), "none", scalar("unit")), VariantType(number(42), "at", ScalarRef(POINT.id))),
)
REGISTRY = TypeRegistry([POINT, PATH, COLOUR, SHAPE])
CONVERSIONS = Conversions(REGISTRY)
Point, Path = structure_class(POINT), structure_class(PATH)
Colour: Any = enumeration_class(COLOUR)
Shape: Any = enumeration_class(SHAPE)
UNKNOWN = number(99)


def point(x: float, class_: int) -> list[tuple[UUID, v.Value]]:
    return [(number(11), v.F64(x)), (number(12), v.U8(class_))]


A_UUID = UUID(int=5)
ROUND_TRIPS: dict[str, tuple[TypeRef, Any, v.Value]] = {
    "unit": (scalar("unit"), None, v.Unit()),
    "bool": (scalar("bool"), True, v.Boolean(True)),
    "u64": (scalar("u64"), 2**64 - 1, v.U64(2**64 - 1)),
    "f64": (scalar("f64"), 0.1, v.F64(0.1)),
    "str": (scalar("str"), "naïve", v.String("naïve")),
    "uuid": (scalar("uuid"), A_UUID, v.Uuid(A_UUID)),
    "u8[]": (ArrayRef(TYPE_IDS["u8"]), b"ab", v.ArrayU8(b"ab")),
    "f32[]": (ArrayRef(TYPE_IDS["f32"]), array("f", [1, 2]), v.ArrayF32([1, 2])),
    "bool[]": (ArrayRef(TYPE_IDS["bool"]), [True, False], v.ArrayBoolean([True, False])),
    "str[]": (ArrayRef(TYPE_IDS["str"]), ["a"], v.ArrayString(["a"])),
    "value[]": (ArrayRef(TYPE_IDS["value"]), [v.U8(1), v.Unit()], v.ArrayValue([v.U8(1), v.Unit()])),
    "uuid[]": (ArrayRef(TYPE_IDS["uuid"]), [A_UUID], v.ArrayValue([v.Uuid(A_UUID)])),
    "i16[3]": (FixedArrayRef(TYPE_IDS["i16"], 3), array("h", [1, 2, 3]), v.ArrayI16([1, 2, 3])),
    "option, none": (OptionRef(TYPE_IDS["u8"]), None, v.Option(None)),
    "option, some": (OptionRef(TYPE_IDS["u8"]), 5, v.Option(v.U8(5))),
    "map": (
        MapRef(TYPE_IDS["str"], TYPE_IDS["u8"]),
        {"a": 1, "b": None},
        v.KeyValue(UUID(int=0x1B), {"a": (UUID(int=0), v.U8(1)), "b": (UUID(int=0), None)}),
    ),
    "keyvalue": (
        scalar("keyvalue"),
        {"a": v.U8(1)},
        v.KeyValue(UUID(int=0x1B), {"a": (UUID(int=0), v.U8(1))}),
    ),
    "value": (scalar("value"), v.Option(v.U8(1)), v.Option(v.U8(1))),
    "keyvalue[]": (
        ArrayRef(TYPE_IDS["keyvalue"]),
        [{"a": v.U8(1)}, v.U8(2)],
        v.ArrayValue([v.KeyValue(UUID(int=0x1B), {"a": (UUID(int=0), v.U8(1))}), v.U8(2)]),
    ),
    "keyvalue, but another value": (scalar("keyvalue"), v.U8(1), v.U8(1)),
    "structure": (ScalarRef(POINT.id), Point(1.5, 2), v.Structure(POINT.id, point(1.5, 2))),
    "structure[]": (ArrayRef(POINT.id), [Point(1.5, 2)], v.ArrayStructure(POINT.id, [point(1.5, 2)])),
    "structure that contains itself": (
        ScalarRef(PATH.id),
        Path([], Path([Point(0.0, 1)], None)),
        v.Structure(
            PATH.id,
            [
                (number(21), v.ArrayStructure(POINT.id, [])),
                (
                    number(22),
                    v.Option(
                        v.Structure(
                            PATH.id,
                            [(number(21), v.ArrayStructure(POINT.id, [point(0, 1)])), (number(22), v.Option())],
                        )
                    ),
                ),
            ],
        ),
    ),
    "enumeration": (ScalarRef(COLOUR.id), Colour.green, v.Enumeration(COLOUR.id, number(32))),
    "enumeration[]": (
        ArrayRef(COLOUR.id),
        [Colour.red],
        v.ArrayEnumeration(COLOUR.id, [(number(31), v.Unit())]),
    ),
    "variant without payload": (ScalarRef(SHAPE.id), Shape.none, v.Enumeration(SHAPE.id, number(41))),
    "variant with payload": (
        ScalarRef(SHAPE.id),
        Shape.at(Point(1.0, 2)),
        v.Enumeration(SHAPE.id, number(42), v.Structure(POINT.id, point(1, 2))),
    ),
    "unknown structure": (ScalarRef(UNKNOWN), v.Structure(UNKNOWN), v.Structure(UNKNOWN)),
    "unknown structure[]": (ArrayRef(UNKNOWN), v.ArrayStructure(UNKNOWN), v.ArrayStructure(UNKNOWN)),
}


@pytest.mark.parametrize("case", ROUND_TRIPS)
def test_a_python_object_becomes_its_value_and_back(case: str) -> None:
    ref, plain, value = ROUND_TRIPS[case]
    converter = CONVERSIONS.of(ref)
    assert converter.to_value(plain) == value
    result = converter.to_python(value)
    assert result == plain
    assert type(result) is type(plain)


@pytest.mark.parametrize("case", ROUND_TRIPS)
def test_a_value_is_accepted_unchanged(case: str) -> None:
    ref, _, value = ROUND_TRIPS[case]
    assert CONVERSIONS.of(ref).to_value(value) == value


ALSO_ACCEPTED: dict[str, tuple[TypeRef, Any, Any]] = {
    "an int for a float": (scalar("f64"), 1, 1.0),
    "a NumPy integer": (scalar("u8"), np.uint8(5), 5),
    "a NumPy array": (ArrayRef(TYPE_IDS["u8"]), np.array([1, 2], dtype="u1"), b"\x01\x02"),
    "a NumPy array of bools": (ArrayRef(TYPE_IDS["bool"]), np.array([True]), [True]),
    "a mapping for a structure": (ScalarRef(POINT.id), {"x": 1, "class": 2}, Point(1.0, 2)),
    "a mapping by attribute": (ScalarRef(POINT.id), {"class_": 2, "x": 1}, Point(1.0, 2)),
    "mappings in an array": (ArrayRef(POINT.id), ({"x": 1, "class": 2},), [Point(1.0, 2)]),
    "a variant's name": (ScalarRef(COLOUR.id), "red", Colour.red),
    "a variant's name with payload": (ScalarRef(SHAPE.id), {"at": {"x": 0, "class": 1}}, Shape.at(Point(0.0, 1))),
    "text for a uuid": (scalar("uuid"), str(A_UUID), A_UUID),
}


@pytest.mark.parametrize("case", ALSO_ACCEPTED)
def test_equivalent_python_objects_are_accepted(case: str) -> None:
    ref, given, expected = ALSO_ACCEPTED[case]
    converter = CONVERSIONS.of(ref)
    assert converter.to_python(converter.to_value(given)) == expected


REFUSED: dict[str, tuple[TypeRef, Any, str]] = {
    "something for nothing": (scalar("unit"), 0, "expected None, got int 0"),
    "a list for a bool": (scalar("bool"), [], "expected a bool"),
    "another value class": (scalar("u8"), v.U16(1), "expected an integer"),
    "too few items": (FixedArrayRef(TYPE_IDS["u8"], 3), [1, 2], "expected 3 items, got 2"),
    "a missing field": (ScalarRef(POINT.id), {"x": 1}, "geometry.Point lacks class"),
    "an unknown field": (ScalarRef(POINT.id), {"x": 1, "clas": 2}, "no field 'clas', did you mean 'class'?"),
    "another structure": (ScalarRef(POINT.id), v.Structure(UNKNOWN), f"got a structure of type {UNKNOWN}"),
    "another class": (ScalarRef(POINT.id), object(), "expected a geometry.Point or a mapping of its fields"),
    "a bad field": (ScalarRef(POINT.id), {"x": "1", "class": 2}, "x: expected a number"),
    "a bad field in an array": (ArrayRef(POINT.id), [Point(0, 0), Point(0, 256)], "[1].class: 256 is out of range"),
    "deeper": (
        ScalarRef(PATH.id),
        {"points": [], "next": {"points": [{"x": None, "class": 1}], "next": None}},
        "next.points[0].x: expected a number (f64), got None",
    ),
    "an unknown variant": (ScalarRef(COLOUR.id), "reed", "no variant 'reed', did you mean 'red'?"),
    "a payload left out": (ScalarRef(SHAPE.id), "at", "at: expected a geometry.Point"),
    "a payload too many": (ScalarRef(SHAPE.id), {"none": 1}, "none: expected None"),
    "two variants": (ScalarRef(SHAPE.id), {"none": None, "at": None}, "expected geometry.Shape"),
    "a variant's class": (ScalarRef(SHAPE.id), Shape.at, "expected geometry.Shape"),
    "a member of another enumeration": (ScalarRef(SHAPE.id), Colour.red, "expected geometry.Shape"),
    "a bad map entry": (MapRef(TYPE_IDS["str"], TYPE_IDS["u8"]), {"a": "1"}, "['a']: expected an integer"),
    "keys that are not text": (MapRef(TYPE_IDS["str"], TYPE_IDS["u8"]), {1: 1}, "a mapping with text for keys"),
    "plain Python for a dynamic value": (scalar("value"), 5, "expected a value of arora_core.values, got int 5"),
    "plain Python for an unknown type": (ScalarRef(UNKNOWN), {}, f"no record declares the type {UNKNOWN}"),
    "one item for an array": (ArrayRef(POINT.id), Point(0, 0), "expected a sequence"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_object_of_another_type_is_refused_with_its_path(case: str) -> None:
    ref, given, message = REFUSED[case]
    with pytest.raises(TypeMismatch) as caught:
        CONVERSIONS.of(ref).to_value(given)
    assert message in str(caught.value)


WRONG_RESULTS: dict[str, tuple[TypeRef, v.Value, str]] = {
    "another scalar": (scalar("u8"), v.U16(1), "expected U8, got U16(1)"),
    "a scalar for an array": (ArrayRef(TYPE_IDS["u8"]), v.U8(1), "expected ArrayU8"),
    "fewer fields": (ScalarRef(POINT.id), v.Structure(POINT.id, point(0, 1)[:1]), "got fields x"),
    "a field twice": (ScalarRef(POINT.id), v.Structure(POINT.id, point(0, 1)[:1] * 2), "got fields x, x"),
    "an unknown variant": (ScalarRef(COLOUR.id), v.Enumeration(COLOUR.id, UNKNOWN), f"no variant {UNKNOWN}"),
    "an unexpected payload": (ScalarRef(COLOUR.id), v.Enumeration(COLOUR.id, number(31), v.U8(1)), "red: expected"),
    "another enumeration": (ScalarRef(COLOUR.id), v.Enumeration(SHAPE.id, number(41)), "expected paint.Colour"),
    "too many items": (FixedArrayRef(TYPE_IDS["u8"], 1), v.ArrayU8([1, 2]), "expected 1 items, got 2"),
}


@pytest.mark.parametrize("case", WRONG_RESULTS)
def test_a_result_of_another_type_is_refused(case: str) -> None:
    ref, value, message = WRONG_RESULTS[case]
    with pytest.raises(TypeMismatch) as caught:
        CONVERSIONS.of(ref).to_python(value)
    assert message in str(caught.value)


def test_fields_may_come_in_any_order() -> None:
    reversed_fields = v.Structure(POINT.id, point(1.5, 2)[::-1])
    assert CONVERSIONS.of(ScalarRef(POINT.id)).to_python(reversed_fields) == Point(1.5, 2)


def test_a_record_has_the_same_class_in_every_registry() -> None:
    other = Conversions(TypeRegistry([POINT])).of(ScalarRef(POINT.id))
    assert type(other.to_python(v.Structure(POINT.id, point(0, 1)))) is Point


def test_an_enumeration_without_payloads_is_an_enum() -> None:
    assert issubclass(Colour, Enum)
    assert [member.name for member in Colour] == ["red", "green"]
    assert Colour.red.value == number(31)


def test_variant_objects_have_a_name_and_a_value_and_can_be_matched() -> None:
    assert (Shape.none.name, Shape.none.value, repr(Shape.none)) == ("none", None, "Shape.none")
    shape = Shape.at(Point(1.0, 2))
    assert isinstance(shape, Variant)
    assert (shape.name, shape.value, shape.variant_id) == ("at", Point(1.0, 2), number(42))
    match shape:
        case Shape.at(where):
            assert where == Point(1.0, 2)
        case _:
            pytest.fail("not matched")


def test_a_variant_with_a_payload_is_a_frozen_value() -> None:
    shape = Shape.at(1)
    assert (repr(shape), shape.name, shape.value) == ("Shape.at(value=1)", "at", 1)
    assert {shape, Shape.at(1)} == {shape} != {Shape.at(2)}
    with pytest.raises(FrozenInstanceError):
        shape.value = 2
    assert pickle.loads(pickle.dumps(shape)) == copy.copy(shape) == shape
