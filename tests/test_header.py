"""Module headers (ABI §7): reading both forms and both syntaxes, and writing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arora_core.errors import HeaderError
from arora_core.header import (
    ExecutorRequirement,
    ExportedFunction,
    Header,
    ImportedFunction,
    ModuleDefinition,
    Parameter,
    Version,
)
from arora_core.types import (
    TYPE_IDS,
    ArrayRef,
    FieldType,
    FixedArrayRef,
    MapRef,
    OptionRef,
    ScalarRef,
    StructureType,
    TypeRef,
    TypeRegistry,
    default_value,
)

from .sample_header import F64, FORWARD, HIGH, JOINTS, MODULE, PARSED, POSE_TYPE, REGISTRY, STR, low, minimal

# --- reading -------------------------------------------------------------------------------------


def test_the_high_form_is_resolved_with_a_registry() -> None:
    header = Header.parse(HIGH, REGISTRY)
    assert header == PARSED
    assert header.types is REGISTRY


def test_the_low_form_needs_no_registry() -> None:
    assert Header.from_data(low()) == PARSED


def test_a_header_may_be_json() -> None:
    assert Header.parse(json.dumps(low())) == PARSED


def test_a_header_may_be_bytes_with_a_byte_order_mark() -> None:
    assert Header.parse(b"\xef\xbb\xbf" + HIGH.encode(), REGISTRY) == PARSED


def test_braces_without_quotes_are_yaml() -> None:
    text = f"{{id: {MODULE}, name: a, author: b, license: c, version: 1.2.3, executor: {{name: wasm}}}}"
    assert Header.parse(text).version == Version(1, 2, 3)


def test_json_is_read_without_yaml() -> None:
    code = (
        "import sys; from arora_core.header import Header; Header.parse(sys.stdin.read()); print('yaml' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps(low()), capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "False"


def test_optional_keys_may_be_left_out() -> None:
    header = Header.from_data(minimal())
    assert (header.description, header.executable_mime, header.exports, header.imports) == (None, "", (), ())
    assert header.executor == ExecutorRequirement("wasm")


def test_an_optional_key_that_is_null_counts_as_left_out() -> None:
    assert Header.parse(json.dumps(minimal())[:-1] + ', "exports": null, "description": null}') == Header.from_data(
        minimal()
    )


@pytest.mark.parametrize(
    ("data", "ref"),
    [
        ({"kind": "scalar", "id": "f64"}, ScalarRef(F64)),
        ({"kind": "scalar", "id": str(F64)}, ScalarRef(F64)),
        ({"kind": "scalar", "id": "boolean"}, ScalarRef(TYPE_IDS["bool"])),
        ({"kind": "scalar", "id": "f64[]"}, ScalarRef(TYPE_IDS["f64[]"])),
        ({"kind": "array", "id": "ur5.Pose"}, ArrayRef(UUID(POSE_TYPE))),
        ({"kind": "array", "id": MODULE}, ArrayRef(UUID(MODULE))),
        ({"kind": "fixedarray", "id": "u8", "len": 0}, FixedArrayRef(TYPE_IDS["u8"], 0)),
        ({"kind": "map", "key_id": "string", "value_id": "f64"}, MapRef(STR, F64)),
        ({"kind": "option", "id": "uuid"}, OptionRef(TYPE_IDS["uuid"])),
    ],
)
def test_every_kind_of_type_reference_is_read(data: dict[str, object], ref: TypeRef) -> None:
    header = Header.from_data(
        {**minimal(), "exports": [{"type": "function", "id": FORWARD, "name": "f", "ret": data}]}, REGISTRY
    )
    assert header.exports[0].ret == ref


def test_dependencies_are_kept_unchecked() -> None:
    header = Header.from_data({**minimal(), "dependencies": [{"anything": 1}]})
    assert header.dependencies == ({"anything": 1},)
    assert Header.from_data(header.to_data()) == header


def test_two_modules_may_offer_functions_of_the_same_id_and_name() -> None:
    data = low()
    data["imports"].append({**data["imports"][0], "module": MODULE})
    assert len(Header.from_data(data).imports) == 2


def test_a_header_is_hashable_and_equal_whatever_its_types() -> None:
    assert len({PARSED, Header.parse(HIGH, REGISTRY)}) == 1


def test_a_module_definition_does_not_print_its_executable() -> None:
    assert "bytes" not in repr(ModuleDefinition(PARSED, b"bytes"))


# --- files ---------------------------------------------------------------------------------------


def write_record(directory: Path, name: str) -> None:
    structures = directory / "records" / "structure"
    structures.mkdir(parents=True)
    record = {"name": name, "parent": "00000000-0000-0000-0000-000001000000", "fields": {}}
    (structures / f"{POSE_TYPE}@2.0.0.json").write_text(json.dumps(record))


def test_records_beside_the_file_are_read_over_the_registry(tmp_path: Path) -> None:
    write_record(tmp_path, "Grip")
    (tmp_path / "module.yaml").write_text(HIGH.replace("ur5.Pose", "Grip"), encoding="utf-8")
    header = Header.load(tmp_path / "module.yaml", REGISTRY)
    assert header == PARSED
    assert header.types.versions(UUID(POSE_TYPE)) == [Version(1), Version(2)]
    assert REGISTRY.versions(UUID(POSE_TYPE)) == [Version(1)]


def test_a_record_that_contradicts_the_registry_is_a_mistake(tmp_path: Path) -> None:
    write_record(tmp_path, "Grip")
    (tmp_path / "module.yaml").write_text(HIGH, encoding="utf-8")
    other = StructureType(UUID(POSE_TYPE), "Grip", "Grip", Version(2), (FieldType(UUID(JOINTS), "x", ScalarRef(F64)),))
    with pytest.raises(HeaderError, match="which has the same id and version") as caught:
        Header.load(tmp_path / "module.yaml", TypeRegistry([other]))
    assert caught.value.source == str(tmp_path / "records")


def test_a_mistake_in_a_file_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "module.yaml"
    path.write_text("name: 5", encoding="utf-8")
    with pytest.raises(HeaderError) as caught:
        Header.load(str(path))
    assert caught.value.source == str(path)
    assert str(caught.value).startswith(f"{path}: id: the key 'id' is missing")


def test_a_missing_file_is_a_header_error(tmp_path: Path) -> None:
    with pytest.raises(HeaderError, match="cannot be read: No such file"):
        Header.load(tmp_path / "module.yaml")


# --- properties ----------------------------------------------------------------------------------

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
VERSIONS = st.builds(Version, *[st.integers(0, 99)] * 3)
TYPE_ID = st.sampled_from([*TYPE_IDS.values(), UUID(POSE_TYPE)])
TYPES: st.SearchStrategy[TypeRef] = st.one_of(
    st.builds(ScalarRef, TYPE_ID),
    st.builds(ArrayRef, TYPE_ID),
    st.builds(FixedArrayRef, TYPE_ID, st.integers(0, 3)),
    st.builds(MapRef, st.just(STR), TYPE_ID),
    st.builds(OptionRef, TYPE_ID),
)


@st.composite
def parameters(draw: st.DrawFn) -> tuple[Parameter, ...]:
    names = draw(st.lists(TEXT.filter(bool), max_size=3, unique=True))
    made = []
    for name in names:
        type = draw(TYPES)
        default = default_value(type, REGISTRY) if draw(st.booleans()) else None
        made.append(Parameter(draw(st.uuids(version=4)), name, type, draw(st.booleans()), default))
    return tuple(made)


@st.composite
def headers(draw: st.DrawFn) -> Header:
    names = draw(st.lists(TEXT.filter(bool), max_size=3, unique=True))
    low_version, high_version = sorted(draw(st.tuples(VERSIONS, VERSIONS)))
    return Header(
        id=draw(st.uuids()),
        name=draw(TEXT.filter(bool)),
        author=draw(TEXT),
        license=draw(TEXT),
        description=draw(st.none() | TEXT),
        version=draw(VERSIONS),
        executor=draw(
            st.builds(
                ExecutorRequirement,
                TEXT.filter(bool),
                st.none() | st.just(low_version),
                st.none() | st.just(high_version),
            )
        ),
        executable_mime=draw(TEXT),
        exports=tuple(
            ExportedFunction(draw(st.uuids(version=4)), name, draw(parameters()), draw(TYPES)) for name in names
        ),
        imports=tuple(
            ImportedFunction(draw(st.uuids(version=4)), name, draw(parameters()), draw(TYPES), draw(st.uuids()))
            for name in names
        ),
    )


@settings(max_examples=60)
@given(headers())
def test_a_header_survives_the_round_trip_through_its_low_form(header: Header) -> None:
    assert Header.parse(json.dumps(header.to_data(), allow_nan=False)) == header


@settings(max_examples=200)
@given(st.data())
def test_any_text_is_a_header_or_a_header_error(data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(HIGH)))
    length = data.draw(st.integers(0, 8))
    text = HIGH[:position] + data.draw(st.text(max_size=4)) + HIGH[position + length :]
    try:
        header = Header.parse(text, REGISTRY)
    except HeaderError:
        return
    assert Header.from_data(header.to_data()) == header
