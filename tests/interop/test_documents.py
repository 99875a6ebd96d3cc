"""Headers, records, calls and results as serde writes them are read as the same."""

from __future__ import annotations

import shutil
from pathlib import Path
from uuid import UUID

import pytest

from arora_core import Engine, Header, HostModule, records, text
from arora_core import values as v
from arora_core.documents import parsing
from arora_core.types import ArrayRef, EnumerationType, ScalarRef, StructureType
from arora_core.types.registry import TypeRegistry
from arora_core.values.text_form import argument_refusal

from .recorded import FORMS, SOURCES, stored_by_key

ROWS = stored_by_key("documents")
RECORDS = sorted(path for path in ROWS if path.startswith("records/"))
EVERYTHING = UUID("5f9d3c11-6f0b-4f0c-9d69-3a1d5f0cbb01")
SHAPE = UUID("5f9d3c11-6f0b-4f0c-9d69-3a1d5f0cbb02")
WELL_KNOWN = {name: UUID(int=number) for name, number in (("dynamic", 0x1A), ("keyvalue", 0x1B), ("uuid", 0x1C))}


def source(name: str) -> str:
    return (SOURCES / name).read_text(encoding="utf-8")


def written(name: str) -> list[str]:
    texts = [row for form in FORMS if (row := ROWS[name][form]) is not None]
    assert len(texts) >= 2, "serde writes every document in YAML or JSON, and most in all forms"
    return texts


def data(document: str) -> object:
    return parsing.parse(document, argument_refusal)


def test_a_header_in_its_low_form_is_read_as_it_was_written() -> None:
    ours = Header.parse(source("header.yaml"))
    assert [Header.parse(each) for each in written("header.yaml")] == [ours] * len(written("header.yaml"))
    assert ours.exports[0].parameters[0].default_value == v.U64(2**64 - 1)
    assert Header.from_data(ours.to_data()) == ours


@pytest.mark.parametrize("name", ["call.yaml", "call_here.yaml"])
def test_a_call_is_read_as_it_was_written(name: str) -> None:
    ours = text.call_from_data(data(source(name)))
    assert [text.call_from_data(data(each)) for each in written(name)] == [ours] * len(written(name))


@pytest.mark.parametrize("name", ["result.yaml", "result_of_nothing.yaml"])
def test_a_result_is_read_as_it_was_written(name: str) -> None:
    ours = text.result_from_data(data(source(name)))
    assert [text.result_from_data(data(each)) for each in written(name)] == [ours] * len(written(name))


@pytest.fixture
def ours() -> TypeRegistry:
    return records.load(SOURCES / "records")


@pytest.mark.parametrize("form", ["yaml", "json"])
@pytest.mark.parametrize("name", RECORDS)
def test_a_record_is_read_as_it_was_written(name: str, form: str, tmp_path: Path, ours: TypeRegistry) -> None:
    directory = tmp_path / "records"
    shutil.copytree(SOURCES / "records", directory)
    (directory.parent / name).unlink()
    there = ROWS[name][form]
    assert there is not None
    (directory.parent / name).with_suffix(f".{form}").write_text(there, encoding="utf-8")
    read = records.load(directory)
    assert (list(read), read.folders) == (list(ours), ours.folders)


def test_records_have_fields_and_variants_of_any_type(ours: TypeRegistry) -> None:
    by_id = {record.id: record for record in ours}
    structure, enumeration = by_id[EVERYTHING], by_id[SHAPE]
    assert isinstance(structure, StructureType)
    assert isinstance(enumeration, EnumerationType)
    types = {field.name: field.type for field in structure.fields}
    assert {name: types[name] for name in WELL_KNOWN} == {name: ScalarRef(id) for name, id in WELL_KNOWN.items()}
    assert types["dynamics"] == ArrayRef(WELL_KNOWN["dynamic"])
    assert types["inner"] == ArrayRef(EVERYTHING)
    assert {variant.name: variant.type for variant in enumeration.variants}["Anything"] == ScalarRef(
        WELL_KNOWN["dynamic"]
    )


ANYTHING: list[v.Value] = [v.Unit(), v.U8(1), v.Option(), v.ArrayF64([1.0]), v.String("x")]


@pytest.mark.parametrize("value", ANYTHING, ids=repr)
def test_dynamic_fields_and_variants_hold_any_value(value: v.Value, engine: Engine, ours: TypeRegistry) -> None:
    echo = HostModule(Header.parse(ECHO, ours))
    echo.function("note")(lambda note: note)
    echo.function("shape")(lambda shape: shape)
    module = engine.register(echo)
    note = module.note({"dynamic": value, "keyvalue": value, "uuid": SHAPE, "dynamics": [value, v.Unit()]})
    assert (note.dynamic, note.keyvalue, note.uuid, list(note.dynamics)) == (value, value, SHAPE, [value, v.Unit()])
    assert module.shape({"Anything": value}).value == value


def test_a_keyvalue_in_a_field_of_that_type_is_a_dict(engine: Engine, ours: TypeRegistry) -> None:
    echo = HostModule(Header.parse(ECHO, ours))
    echo.function("note")(lambda note: note)
    echo.function("shape")(lambda shape: shape)
    held = v.KeyValue(SHAPE, {"key": (SHAPE, v.U8(1))})
    note = engine.register(echo).note({"dynamic": held, "keyvalue": held, "uuid": SHAPE, "dynamics": []})
    assert (note.dynamic, note.keyvalue) == (held, {"key": v.U8(1)})


ECHO = """
id: 5f9d3c11-6f0b-4f0c-9d69-3a1d5f0cbe00
name: echo
author: The Arora authors
license: Apache-2.0
version: 1.0.0
executor: {name: python}
exports:
  - type: function
    id: 5f9d3c11-6f0b-4f0c-9d69-3a1d5f0cbe10
    name: note
    parameters: [{id: 5f9d3c11-6f0b-4f0c-9d69-3a1d5f0cbe11, name: note, type: {kind: scalar, id: samples.Note}}]
    ret: {kind: scalar, id: samples.Note}
  - type: function
    id: 5f9d3c11-6f0b-4f0c-9d69-3a1d5f0cbe20
    name: shape
    parameters: [{id: 5f9d3c11-6f0b-4f0c-9d69-3a1d5f0cbe21, name: shape, type: {kind: scalar, id: samples.Shape}}]
    ret: {kind: scalar, id: samples.Shape}
"""
