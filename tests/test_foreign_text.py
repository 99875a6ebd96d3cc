"""Headers, records and values as other programs write them."""

from __future__ import annotations

import json
import math
from pathlib import Path
from uuid import UUID

import pytest
import yaml

from arora_core import ArgumentError, Header, records, text
from arora_core import values as v
from arora_core.cli.printing import yaml_text
from arora_core.documents import parsing
from arora_core.types import ArrayRef, ScalarRef, StructureType
from arora_core.values.text_form import argument_refusal

ID = UUID("0f0e0d0c-0b0a-4908-8706-050403020100")


def value_of(written: str) -> v.Value:
    return text.from_data(parsing.parse(written, argument_refusal))


@pytest.mark.parametrize("form", [str(ID), str(ID).upper(), ID.hex, f"urn:uuid:{ID}", f"{{{ID}}}"])
def test_a_uuid_is_read_in_each_of_its_forms(form: str) -> None:
    assert value_of(json.dumps({"uuid": form})) == v.Uuid(ID)
    header = {"id": form, "name": "m", "author": "", "license": "", "version": "1.0.0", "executor": {"name": "wasm"}}
    assert Header.from_data(header).id == ID


@pytest.mark.parametrize("written", ["f64: -0", '{"f64": -0}', "f64: -0.0"])
def test_a_float_written_as_minus_zero_keeps_its_sign(written: str) -> None:
    assert value_of(written) == v.F64(-0.0)
    assert value_of(written.replace("f64", "f64s").replace("-0.0", "-0").replace("-0", "[-0, 0]")) == v.ArrayF64(
        [-0.0, 0.0]
    )


@pytest.mark.parametrize("written", ["i8: -0", '{"i8": -0}'])
def test_an_integer_written_as_minus_zero_is_zero(written: str) -> None:
    assert value_of(written) == v.I8(0)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("!f64 1.0", v.F64(1.0)),
        ("!i8 -3", v.I8(-3)),
        ("!str 5a", v.String("5a")),
        ('!str "5"', v.String("5")),
        ("!u8s [1, 2]", v.ArrayU8([1, 2])),
        ("!option {u8: 1}", v.Option(v.U8(1))),
        ("!unit", v.Unit()),
    ],
)
def test_a_value_with_its_tag_as_serde_writes_it_is_read(written: str, value: v.Value) -> None:
    assert value_of(written) == value


@pytest.mark.parametrize("written", ["f64: .nan", "f64: NaN", '{"f64": "NaN"}'])
def test_floats_that_are_not_finite_are_read_in_both_forms(written: str) -> None:
    value = value_of(written)
    assert isinstance(value, v.F64)
    assert math.isnan(value.value)
    for form in ("-.inf", "-Infinity"):
        assert value_of(f"f64: {form}") == v.F64(-math.inf)


@pytest.mark.parametrize(
    "held", ["a\x85b", "a\u2028b\n", "\u2029", "a\rb", "a\r\nb\n", "<<", "a\nb\n", " \n\x85", "=", "~"]
)
def test_text_with_any_line_breaks_is_the_same_after_yaml(held: str) -> None:
    written = yaml_text({"str": held, "list": [held]})
    assert parsing.parse(written, argument_refusal) == {"str": held, "list": [held]}
    assert yaml.safe_load(yaml_text({"str": held})) == {"str": held}


@pytest.mark.parametrize(
    ("kind", "number", "type"),
    [
        ("frozenScalar", 0x1A, ScalarRef(UUID(int=0x1A))),
        ("frozenScalar", 0x1B, ScalarRef(UUID(int=0x1B))),
        ("frozenScalar", 0x1C, ScalarRef(UUID(int=0x1C))),
        ("frozenArray", 0x1A, ArrayRef(UUID(int=0x1A))),
    ],
)
def test_a_field_of_a_well_known_type_without_a_record_is_of_that_type(
    tmp_path: Path, kind: str, number: int, type: ScalarRef | ArrayRef
) -> None:
    reference = {"reference": {"id": str(UUID(int=number)), "version": "1.0.0"}}
    field = {"name": "any", "type": {"type": kind, "value": reference}}
    structure = {"parent": str(records.ROOT_FOLDER), "name": "Has", "fields": {str(ID): field}}
    directory = tmp_path / "structure"
    directory.mkdir()
    (directory / f"{ID}@1.0.0.yaml").write_text(json.dumps(structure))
    (record,) = records.load(tmp_path)
    assert isinstance(record, StructureType)
    assert record.fields[0].type == type


def test_a_header_without_imports_is_written_with_an_empty_list() -> None:
    header = {"id": str(ID), "name": "m", "author": "", "license": "", "version": "1.0.0", "executor": {"name": "wasm"}}
    assert Header.from_data(header).to_data()["imports"] == []


@pytest.mark.parametrize("held", ["1e400", "-1E999", ".41e400", "1" * 400 + ".0"])
def test_text_like_a_number_that_no_float_is_near_needs_no_quotes(held: str) -> None:
    assert value_of(f"str: {held}") == v.String(held)
    with pytest.raises(ArgumentError, match="f64: expected a number"):
        value_of(f"f64: {held}")


@pytest.mark.parametrize("written", ["1e400", "-1e400", "1.7976931348623159e308"])
def test_a_number_in_json_that_no_float_is_near_is_refused(written: str) -> None:
    with pytest.raises(ArgumentError, match="invalid JSON: a number that is out of range for a float"):
        value_of(f'{{"f64": {written}}}')


@pytest.mark.parametrize("tag", ["u8", "i64", "f64"])
def test_an_octal_number_is_one_as_in_yaml_1_2(tag: str) -> None:
    assert value_of(f"{tag}: 0o17") == value_of(f"{tag}: 15")


@pytest.mark.parametrize("held", ["wait...", "...", "a\n...", "0o17", "-0o7", "0b11"])
def test_text_that_ends_in_dots_or_looks_like_a_number_is_the_same_after_yaml(held: str) -> None:
    for data in (held, {"str": held}, [held], {held: held}):
        written = yaml_text(data)
        assert parsing.parse(written, argument_refusal) == data
        assert yaml.safe_load(written) == data


def test_text_like_a_number_of_serde_is_quoted() -> None:
    assert yaml_text({"str": "0o17"}) == "str: '0o17'\n"
