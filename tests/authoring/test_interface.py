"""A module's interface as generators meet it: shapes of types, and the order of records."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from arora_core import Header, HeaderError, TypeRegistry
from arora_core.authoring.interface import Interface, interface_of
from arora_core.authoring.shapes import STRING, UNIT, Array, Dynamic, Map, Optional, Record, Scalar, Shape
from arora_core.types import TYPE_IDS, ArrayRef, FixedArrayRef, MapRef, OptionRef, ScalarRef, TypeRecord, TypeRef
from arora_core.values import Tag, kinds

from ..signatures import (
    COLOUR,
    COVERED,
    DEEP,
    LIST,
    OUTER,
    POINT,
    REGISTRY,
    UNDECLARED,
    enumeration,
    function,
    structure,
)

F64 = Scalar(kinds.F64)


def shape_of(ref: TypeRef) -> Shape:
    return interface(ref).exports[0].ret


def interface(ref: TypeRef, *records: TypeRecord) -> Interface:
    return interface_of(header(ref, *records))


def header(ref: TypeRef, *records: TypeRecord) -> Header:
    made = Header.parse(
        "{id: 00000000-0000-0000-0001-000000000000, name: shapes, author: Ada, license: MIT,"
        " version: 1.0.0, executor: {name: wasm}, exports: [], imports: []}"
    )
    return replace(made, exports=(function(ret=ref),), types=TypeRegistry(records) if records else REGISTRY)


@pytest.mark.parametrize(
    ("ref", "expected"),
    [
        (ScalarRef(TYPE_IDS["unit"]), UNIT),
        (ScalarRef(TYPE_IDS["str"]), STRING),
        (ScalarRef(TYPE_IDS["f64[]"]), Array(F64, Tag.F64, None)),
        (ArrayRef(TYPE_IDS["f64"]), Array(F64, Tag.F64, None)),
        (FixedArrayRef(TYPE_IDS["f64"], 3), Array(F64, Tag.F64, 3)),
        (ArrayRef(TYPE_IDS["str"]), Array(STRING, Tag.STRING, None)),
        (ArrayRef(TYPE_IDS["uuid"]), Array(Scalar(kinds.UUID), Tag.VALUE, None)),
        (ArrayRef(TYPE_IDS["f64[]"]), Array(Array(F64, Tag.F64, None), Tag.VALUE, None)),
        (ArrayRef(POINT.id), Array(Record(POINT), Tag.STRUCTURE, None)),
        (ArrayRef(COLOUR.id), Array(Record(COLOUR), Tag.ENUMERATION, None)),
        (ArrayRef(TYPE_IDS["value"]), Array(Dynamic(), Tag.VALUE, None)),
        (ScalarRef(TYPE_IDS["value"]), Dynamic()),
        (ScalarRef(TYPE_IDS["keyvalue"]), Dynamic(keyed=True)),
        (ScalarRef(TYPE_IDS["option"]), Optional(Dynamic())),
        (OptionRef(TYPE_IDS["f64"]), Optional(F64)),
        (MapRef(TYPE_IDS["str"], TYPE_IDS["f64"]), Map(F64)),
    ],
    ids=str,
)
def test_every_way_of_naming_a_type_leads_to_its_shape(ref: TypeRef, expected: Shape) -> None:
    assert shape_of(ref) == expected


@pytest.mark.parametrize("ref", COVERED, ids=str)
def test_every_type_has_a_shape(ref: TypeRef) -> None:
    shape_of(ref)


def test_a_type_that_no_record_declares_is_named_with_its_place() -> None:
    with pytest.raises(HeaderError, match=r"no record declares the type .*abc") as caught:
        shape_of(ScalarRef(UNDECLARED))
    assert caught.value.path == "exports[0].ret"


def test_records_come_after_those_that_they_contain() -> None:
    records = [each.path for each in interface(ScalarRef(DEEP.id)).records]
    assert records.index("Outer") < records.index("Deep")
    assert records.index("Point") < records.index("Deep")


def test_a_member_that_closes_a_circle_is_boxed() -> None:
    found = interface(ScalarRef(LIST.id))
    assert found.boxed == {(LIST.id, LIST.fields[1].id)}


def test_no_member_is_boxed_without_need() -> None:
    assert interface(ScalarRef(OUTER.id)).boxed == frozenset()


def test_a_circle_of_two_records_is_cut_at_the_payload() -> None:
    inner = enumeration(0x200, "Node", [("leaf", ScalarRef(TYPE_IDS["f64"])), ("pair", ScalarRef(UUID(int=0x300)))])
    outer = structure(0x300, "Pair", [("left", ScalarRef(inner.id)), ("right", ScalarRef(inner.id))])
    found = interface(ScalarRef(outer.id), inner, outer)
    assert found.boxed == {(inner.id, inner.variants[1].id)}
    assert [each.name for each in found.records] == ["Node", "Pair"]


def test_an_array_breaks_a_circle_without_a_box() -> None:
    tree = structure(0x200, "Tree", [("children", ArrayRef(UUID(int=0x200)))])
    assert interface(ScalarRef(tree.id), tree).boxed == frozenset()


def test_a_record_that_always_contains_itself_is_refused() -> None:
    endless = structure(0x200, "Endless", [("again", ScalarRef(UUID(int=0x200)))])
    with pytest.raises(HeaderError, match="Endless always contains itself"):
        interface(ScalarRef(endless.id), endless)


def test_a_chain_of_thousands_of_records_is_no_recursion() -> None:
    last = 3000
    chain: list[Any] = [
        structure(0x10000 * (each + 1), f"R{each}", [("next", ScalarRef(UUID(int=0x10000 * (each + 2))))])
        for each in range(last)
    ]
    chain.append(structure(0x10000 * (last + 1), f"R{last}", []))
    assert [each.name for each in interface(ScalarRef(chain[0].id), *chain).records[:2]] == [f"R{last}", f"R{last - 1}"]
