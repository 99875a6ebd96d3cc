"""Every other table of the package covers every kind of the table of kinds, and agrees with it."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import jsonschema
import pytest
from hypothesis import find

import arora_core
from arora_core import text
from arora_core import values as v
from arora_core.buffers import decode, encode
from arora_core.conformance import strategies
from arora_core.header import schema
from arora_core.types import (
    ARRAY_CLASSES,
    ARRAY_IDS,
    DYNAMIC,
    SCALAR_CLASSES,
    TYPE_IDS,
    TYPE_NAMES,
    ArrayRef,
    ScalarRef,
    TypeRegistry,
    default_value,
)
from arora_core.types.record_files import load
from arora_core.values import Kind, Tag, kinds

CORE: Final = Path(str(arora_core.__file__)).parent
ID: Final = UUID(int=0xAA)
ELEMENT_TAG_AT: Final = 5
"""The offset of the element tag in the buffer of an array."""

SAMPLES: Final[dict[Kind, v.Value]] = {
    kinds.UNIT: v.Unit(),
    kinds.BOOLEAN: v.Boolean(True),
    **{cls.kind: cls(1) for cls in v.INTEGERS},
    **{cls.kind: cls(1) for cls in v.FLOATS},
    kinds.STRING: v.String("a"),
    kinds.UUID: v.Uuid(ID),
    kinds.OPTION: v.Option(),
    kinds.KEY_VALUE: v.KeyValue(ID),
    kinds.STRUCTURE: v.Structure(ID),
    kinds.ENUMERATION: v.Enumeration(ID, ID),
}
"""A value of each kind, except of the kind value, which only arrays have."""

ARRAYS: Final[dict[Kind, v.Value]] = {
    kinds.BOOLEAN: v.ArrayBoolean([True]),
    **{cls.kind: cls([1]) for cls in v.NUMBER_ARRAYS},
    kinds.STRING: v.ArrayString(["a"]),
    kinds.VALUE: v.ArrayValue([v.Unit()]),
    kinds.STRUCTURE: v.ArrayStructure(ID, [[]]),
    kinds.ENUMERATION: v.ArrayEnumeration(ID, [(ID, v.Unit())]),
}
"""An array of each kind that the wire has a dedicated array for."""

WELL_KNOWN: Final = [kind for kind in kinds.KINDS if kind.id is not None]
WITH_ARRAY_ID: Final = [kind for kind in kinds.KINDS if kind.array_id is not None]
VALIDATOR: Final = jsonschema.Draft202012Validator(json.loads(schema.text()))
every: Final = pytest.mark.parametrize


# The table of kinds.


def test_the_table_has_every_named_kind() -> None:
    assert [each for each in vars(kinds).values() if isinstance(each, Kind)] == list(kinds.KINDS)


def test_every_tag_except_of_arrays_and_errors_belongs_to_one_kind() -> None:
    assert sorted(kind.tag for kind in kinds.KINDS) == sorted({*Tag} - {Tag.ARRAY, Tag.ERROR})


def test_no_two_kinds_share_an_id_or_a_name() -> None:
    ids = [id for kind in kinds.KINDS for id in (kind.id, kind.array_id) if id is not None]
    words = [word for kind in kinds.KINDS for word in (kind.name, kind.array_tag)]
    assert len(set(ids)) == len(ids)
    assert len(set(words)) == len(words)


@every("kind", kinds.NUMBERS, ids=str)
def test_a_numbers_code_has_its_size_and_its_range(kind: Kind) -> None:
    items = v.numeric.unpack(kind, bytes(kind.size))
    assert items.itemsize == kind.size
    assert type(items[0]) is kind.python
    if kind.is_float:
        return
    for bound in (kind.low, kind.high):
        items[0] = bound
    for beyond in (kind.low - 1, kind.high + 1):
        with pytest.raises(OverflowError):
            items[0] = beyond


# Values and their encodings.


def test_every_kind_has_a_class_of_values_or_of_arrays() -> None:
    assert SAMPLES.keys() | ARRAYS.keys() == set(kinds.KINDS)


@every("kind", SAMPLES, ids=str)
def test_a_value_has_its_kinds_tag_on_the_wire_and_comes_back(kind: Kind) -> None:
    value = SAMPLES[kind]
    assert (value.kind, value.tag) == (kind, kind.tag)
    assert encode(value)[4] == kind.tag
    assert decode(encode(value)) == value


@every("kind", ARRAYS, ids=str)
def test_an_array_has_its_elements_tag_on_the_wire_and_comes_back(kind: Kind) -> None:
    array = ARRAYS[kind]
    assert (array.kind, array.tag) == (kind, Tag.ARRAY)
    assert encode(array)[ELEMENT_TAG_AT] == kind.tag
    assert decode(encode(array)) == array


@every("kind", SAMPLES, ids=str)
def test_a_value_has_its_kinds_name_in_text_and_comes_back(kind: Kind) -> None:
    data = text.to_data(SAMPLES[kind])
    assert data == kind.name if kind is kinds.UNIT else list(as_mapping(data)) == [kind.name]
    assert text.from_data(data) == SAMPLES[kind]


@every("kind", ARRAYS, ids=str)
def test_an_array_has_its_kinds_array_tag_in_text_and_comes_back(kind: Kind) -> None:
    data = text.to_data(ARRAYS[kind])
    assert list(as_mapping(data)) == [kind.array_tag]
    assert text.from_data(data) == ARRAYS[kind]


def as_mapping(data: object) -> dict[str, object]:
    assert isinstance(data, dict)
    return data


# Types.


@every("kind", WELL_KNOWN, ids=str)
def test_headers_know_a_kind_by_its_names(kind: Kind) -> None:
    assert kind.id is not None
    assert TYPE_NAMES[kind.id] == kind.name
    assert {TYPE_IDS[name] for name in (kind.name, kind.record_name) if name is not None} == {kind.id}
    if kind.array_id is not None:
        assert TYPE_NAMES[kind.array_id] == kind.array_name
        assert TYPE_IDS[kind.array_name] == kind.array_id == ARRAY_IDS[kind.id]


def test_no_other_name_or_id_is_well_known() -> None:
    assert set(TYPE_NAMES) == {id for kind in kinds.KINDS for id in (kind.id, kind.array_id) if id is not None}
    assert set(TYPE_IDS.values()) == set(TYPE_NAMES)


@every("kind", WELL_KNOWN, ids=str)
def test_the_class_of_a_well_known_type_is_the_one_of_its_kind(kind: Kind) -> None:
    assert kind.id is not None
    if kind.id not in DYNAMIC:
        assert SCALAR_CLASSES[kind.id] is type(SAMPLES[kind])
    assert ARRAY_CLASSES.get(kind.id) is (type(ARRAYS[kind]) if kind in ARRAYS else None)
    if kind.array_id is not None:
        assert SCALAR_CLASSES[kind.array_id] is type(ARRAYS[kind])


@every("kind", [kind for kind in kinds.KINDS if kind.record_name is not None], ids=str)
def test_records_know_a_kind_by_its_record_name(kind: Kind, tmp_path: Path) -> None:
    assert kind.id is not None
    assert field_type(tmp_path / "one", str(kind.record_name)) == ScalarRef(kind.id)
    if kind.array_record_name is not None:
        assert field_type(tmp_path / "many", kind.array_record_name) == ArrayRef(kind.id)


def field_type(directory: Path, primitive: str) -> object:
    """Return the type that a record's field has when it is declared as this primitive."""
    file = directory / "structure" / f"{ID}@1.0.0.yaml"
    file.parent.mkdir(parents=True)
    declared = f"{{name: x, type: {{type: primitive, value: {{kind: {primitive}}}}}}}"
    root = "00000000-0000-0000-0000-000001000000"
    file.write_text(f"{{parent: {root}, name: R, fields: {{{UUID(int=1)}: {declared}}}}}", encoding="utf-8")
    record = load(directory).get(ID)
    assert record is not None
    return record.members[0].type


@every("kind", WITH_ARRAY_ID, ids=str)
def test_the_zero_of_a_kind_is_pythons_zero(kind: Kind) -> None:
    assert kind.id is not None
    zero: Any = default_value(ScalarRef(kind.id), TypeRegistry())
    make: Callable[[], object] = kind.python
    assert zero.value == make()
    assert type(zero.value) is kind.python


# The schema of headers.


def schema_takes(default: object, type: str = "unit") -> bool:
    """Return whether the schema accepts a header with a parameter of that type and that default value."""
    parameter = {"id": str(ID), "name": "p", "type": {"kind": "scalar", "id": type}, "default_value": default}
    function = {"type": "function", "id": str(ID), "name": "f", "parameters": [parameter]}
    version = {"major": 1, "minor": 0, "patch": 0}
    header = {"id": str(ID), "name": "m", "author": "", "license": "", "version": version, "executor": {"name": "wasm"}}
    return VALIDATOR.is_valid({**header, "exports": [function]})


@every("value", [*SAMPLES.values(), *ARRAYS.values()], ids=lambda value: type(value).__name__)
def test_the_schema_takes_values_of_every_kind(value: v.Value) -> None:
    assert schema_takes(text.to_data(value))


@every("kind", [kind for kind in kinds.NUMBERS if not kind.is_float], ids=str)
def test_the_schema_holds_integers_to_their_range(kind: Kind) -> None:
    for bound, beyond in ((kind.low, kind.low - 1), (kind.high, kind.high + 1)):
        assert schema_takes({kind.name: bound})
        assert not schema_takes({kind.name: beyond})
        assert schema_takes({kind.array_tag: [bound]})
        assert not schema_takes({kind.array_tag: [beyond]})


def test_the_schema_completes_the_name_of_every_well_known_type() -> None:
    assert any(set(words) == set(TYPE_IDS) for words in enumerations(json.loads(schema.text())))


def enumerations(part: object) -> Iterator[list[str]]:
    """Yield every ``enum`` of the schema."""
    for key, inner in part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ():
        if key == "enum":
            yield inner
        yield from enumerations(inner)


# The header for guests in C.

ARORA_H: Final = (CORE / "include" / "arora.h").read_text(encoding="utf-8")


def test_arora_h_has_every_tag() -> None:
    tags = {int(number) for number in re.findall(r"^    ARORA_\w+ = (\d+)", ARORA_H, re.MULTILINE)}
    assert tags - {255} == set(Tag)


def test_arora_h_has_every_number_with_its_tag() -> None:
    numbers = re.findall(r"^    X\((\w+), \w+, (ARORA_\w+)\)", ARORA_H, re.MULTILINE)
    tags = dict(re.findall(r"^    (ARORA_\w+) = (\d+)", ARORA_H, re.MULTILINE))
    assert {name: int(tags[tag]) for name, tag in numbers} == {kind.name: kind.tag for kind in kinds.NUMBERS}


# The strategies of the conformance suite.


@every("kind", [each for each in SAMPLES if isinstance(SAMPLES[each], (v.Unit, v.Scalar))], ids=str)
def test_scalars_of_every_kind_are_drawn(kind: Kind) -> None:
    assert find(strategies.scalars(), lambda value: value.kind is kind)


@every("kind", kinds.NUMBERS, ids=str)
def test_number_arrays_of_every_kind_are_drawn(kind: Kind) -> None:
    assert find(strategies.number_arrays(), lambda value: value.kind is kind).kind is kind


@every("kind", WELL_KNOWN, ids=str)
def test_values_are_drawn_for_every_well_known_type(kind: Kind) -> None:
    assert kind.id is not None
    drawn = find(strategies.values_of(ScalarRef(kind.id)), lambda value: True)
    assert kind.id in DYNAMIC or drawn.kind is kind


# No other file repeats the numbers.

ROOMS: Final = ("values", "types", "buffers", "binding", "compiled", "conformance/codecs", "conformance/strategies")
OTHER_SOURCES: Final = [path for path in sorted(CORE.rglob("*.py")) if path != Path(kinds.__file__)]
OF_VALUES: Final = [path for path in OTHER_SOURCES if path.relative_to(CORE).as_posix().startswith(ROOMS)]


@every("path", OTHER_SOURCES, ids=lambda path: str(path.relative_to(CORE)))
def test_no_other_file_has_a_well_known_id_as_a_number(path: Path) -> None:
    assert not re.findall(r"UUID\(int=0[xX][^)]*\)", path.read_text(encoding="utf-8"))


@every("path", OF_VALUES, ids=lambda path: str(path.relative_to(CORE)))
def test_no_other_file_has_a_tag_as_a_number(path: Path) -> None:
    assert not tags_as_numbers(path.read_text(encoding="utf-8"))


@every(
    "source", ["bytes([15, tag])", "x + b'\\x12'", "b'\\x11\\x01'", "tag == 20", "x.element_tag != 2", "ERROR_TAG = 20"]
)
def test_a_tag_as_a_number_is_found(source: str) -> None:
    assert tags_as_numbers(source)


def tags_as_numbers(source: str) -> list[str]:
    """Return the parts of a source file that write a tag as a number."""
    return [ast.unparse(node) for node in ast.walk(ast.parse(source)) if is_tag_as_number(node)]


def is_tag_as_number(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Name("bytes"), args=[ast.List([ast.Constant(int()), *_])]):
            return True
        case ast.Constant(bytes(data)):
            # A tag, or a tag and one more byte. 0 and 1 are excluded: they are also the presence byte of an option.
            return 0 < len(data) <= 2 and 1 < data[0] <= max(Tag)
        case ast.Compare(named, comparators=[ast.Constant(int())]) | ast.Assign([named], ast.Constant(int())):
            return ast.unparse(named).lower().endswith("tag")
    return False
