"""Module headers (ABI §7): both forms, both syntaxes, and what is said about every mistake."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arora_core import values as v
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
    ModuleRecord,
    OptionRef,
    ScalarRef,
    StructureType,
    TypeRef,
    TypeRegistry,
    default_value,
)

MODULE, FORWARD, RESET, JOINTS, POSE, POSE_TYPE, GRIPPER, CLOSE = (
    f"00000000-0000-0000-0001-{n:012x}" for n in range(8)
)
F64, STR, UNIT = TYPE_IDS["f64"], TYPE_IDS["str"], TYPE_IDS["unit"]

REGISTRY = TypeRegistry(
    [
        StructureType(UUID(POSE_TYPE), "Pose", "ur5.Pose", Version(1), (FieldType(UUID(JOINTS), "x", ScalarRef(F64)),)),
        ModuleRecord(UUID(GRIPPER), "gripper", "ur5.gripper", Version(1)),
    ]
)

HIGH = f"""
id: {MODULE}
name: ur5
author: Ada
license: MIT
description: An arm
version: {{major: 1, minor: 2, patch: 3}}
executor: {{name: wasm, min_version: {{major: 1, minor: 0, patch: 0}}, max_version: 2.0.0}}
executable_mime: application/wasm
exports:
  - type: function
    id: {FORWARD}
    name: forward
    parameters:
      - id: {JOINTS}
        name: joints
        type: {{kind: fixedarray, id: f64, len: 2}}
        default_value: {{f64s: [0, 1e-3]}}
      - id: {POSE}
        name: pose
        type: {{kind: scalar, id: ur5.Pose}}
        mutable: true
    ret: {{kind: option, id: ur5.Pose}}
  - {{type: function, id: {RESET}, name: reset}}
imports:
  - {{type: function, id: {CLOSE}, name: close, module: gripper, ret: {{kind: map, key_id: str, value_id: value}}}}
"""

PARSED = Header(
    id=UUID(MODULE),
    name="ur5",
    author="Ada",
    license="MIT",
    description="An arm",
    version=Version(1, 2, 3),
    executor=ExecutorRequirement("wasm", Version(1, 0, 0), Version(2, 0, 0)),
    executable_mime="application/wasm",
    exports=(
        ExportedFunction(
            UUID(FORWARD),
            "forward",
            (
                Parameter(UUID(JOINTS), "joints", FixedArrayRef(F64, 2), default_value=v.ArrayF64([0, 1e-3])),
                Parameter(UUID(POSE), "pose", ScalarRef(UUID(POSE_TYPE)), mutable=True),
            ),
            OptionRef(UUID(POSE_TYPE)),
        ),
        ExportedFunction(UUID(RESET), "reset", (), ScalarRef(UNIT)),
    ),
    imports=(ImportedFunction(UUID(CLOSE), "close", (), MapRef(STR, TYPE_IDS["value"]), UUID(GRIPPER)),),
)


def low() -> Any:
    """The same header in the low form, as plain data a test may change."""
    return copy.deepcopy(PARSED.to_data())


def minimal() -> dict[str, Any]:
    return {
        "id": MODULE,
        "name": "ur5",
        "author": "",
        "license": "",
        "version": {"major": 0, "minor": 0, "patch": 1},
        "executor": {"name": "wasm"},
    }


# --- what is read --------------------------------------------------------------------------------


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


def test_what_may_be_left_out_may_be() -> None:
    header = Header.from_data(minimal())
    assert (header.description, header.executable_mime, header.exports, header.imports) == (None, "", (), ())
    assert header.executor == ExecutorRequirement("wasm")


def test_a_key_with_nothing_behind_it_is_left_out() -> None:
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


def test_dependencies_are_kept_and_not_looked_at() -> None:
    header = Header.from_data({**minimal(), "dependencies": [{"anything": 1}]})
    assert header.dependencies == ({"anything": 1},)
    assert Header.from_data(header.to_data()) == header


def test_two_modules_may_offer_functions_of_the_same_id_and_name() -> None:
    data = low()
    data["imports"].append({**data["imports"][0], "module": MODULE})
    assert len(Header.from_data(data).imports) == 2


def test_a_header_is_hashable_and_its_types_are_no_part_of_it() -> None:
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


def test_a_file_that_is_not_there_is_a_header_error(tmp_path: Path) -> None:
    with pytest.raises(HeaderError, match="cannot be read: No such file"):
        Header.load(tmp_path / "module.yaml")


# --- mistakes in what the text says --------------------------------------------------------------

FUNCTION = {"type": "function", "id": FORWARD, "name": "f"}
PARAMETER = {"id": JOINTS, "name": "p", "type": {"kind": "scalar", "id": "f64"}}


def with_parameters(*parameters: object) -> dict[str, Any]:
    return {**minimal(), "exports": [{**FUNCTION, "parameters": list(parameters)}]}


def with_type(type: object) -> dict[str, Any]:
    return with_parameters({**PARAMETER, "type": type})


def with_default(value: object, type: str = "f64") -> dict[str, Any]:
    return with_parameters({**PARAMETER, "type": {"kind": "scalar", "id": type}, "default_value": value})


def with_executor(**executor: object) -> dict[str, Any]:
    return {**minimal(), "executor": {"name": "wasm", **executor}}


def without(key: str) -> dict[str, Any]:
    return {name: data for name, data in minimal().items() if name != key}


P = "exports[0].parameters[0]"
MISTAKES: list[tuple[object, str, str]] = [
    ([], "", "expected a mapping, got a list"),
    (None, "", "expected a mapping, got nothing"),
    ({5: 1}, "", "expected a key that is text, got 5 (quote it)"),
    ({**minimal(), "exprots": []}, "exprots", "unknown key 'exprots', did you mean 'exports'?"),
    *((without(key), key, f"the key {key!r} is missing") for key in minimal()),
    ({**minimal(), "id": 5}, "id", "expected a UUID, got 5"),
    ({**minimal(), "id": "ur5"}, "id", "expected a UUID, got 'ur5'"),
    ({**minimal(), "id": MODULE.replace("-", "")}, "id", "expected a UUID"),
    ({**minimal(), "name": ""}, "name", "expected a name, got ''"),
    ({**minimal(), "name": None}, "name", "expected text, got nothing"),
    ({**minimal(), "author": ["Ada"]}, "author", "expected text, got a list"),
    ({**minimal(), "description": 5}, "description", "expected text, got 5"),
    (
        {**minimal(), "version": 1.2},
        "version",
        "expected a version, {major, minor, patch} or text such as '1.2.3', got 1.2",
    ),
    ({**minimal(), "version": "1.2"}, "version", "expected a version such as 1.2.3, got '1.2'"),
    ({**minimal(), "version": {"major": 1, "minor": 2}}, "version.patch", "the key 'patch' is missing"),
    (
        {**minimal(), "version": {"major": True, "minor": 2, "patch": 3}},
        "version.major",
        "expected an integer from 0 to",
    ),
    ({**minimal(), "version": {"major": -1, "minor": 2, "patch": 3}}, "version.major", "got -1"),
    ({**minimal(), "version": {"major": 1.0, "minor": 2, "patch": 3}}, "version.major", "got 1.0"),
    ({**minimal(), "executor": "wasm"}, "executor", "expected a mapping, got 'wasm'"),
    (with_executor(name=""), "executor.name", "expected a name"),
    (with_executor(version="1.0.0"), "executor.version", "did you mean 'min_version'?"),
    (
        with_executor(min_version="2.0.0", max_version="1.0.0"),
        "executor.max_version",
        "1.0.0 is below min_version, 2.0.0",
    ),
    ({**minimal(), "executable_mime": 5}, "executable_mime", "expected text"),
    ({**minimal(), "exports": {}}, "exports", "expected a list, got a mapping"),
    ({**minimal(), "exports": ["f"]}, "exports[0]", "expected a mapping, got 'f'"),
    ({**minimal(), "exports": [{**FUNCTION, "paramters": []}]}, "exports[0].paramters", "did you mean 'parameters'?"),
    ({**minimal(), "exports": [{**FUNCTION, "module": MODULE}]}, "exports[0].module", "unknown key 'module'"),
    (
        {**minimal(), "exports": [{**FUNCTION, "type": "method"}]},
        "exports[0].type",
        "expected 'function', got 'method'",
    ),
    ({**minimal(), "exports": [{"id": FORWARD, "name": "f"}]}, "exports[0].type", "the key 'type' is missing"),
    ({**minimal(), "exports": [FUNCTION, {**FUNCTION, "name": "g"}]}, "exports[1].id", "another function has"),
    (
        {**minimal(), "exports": [FUNCTION, {**FUNCTION, "id": RESET}]},
        "exports[1].name",
        "another function has f, at exports[0].name",
    ),
    ({**minimal(), "imports": [FUNCTION]}, "imports[0].module", "the key 'module' is missing"),
    ({**minimal(), "imports": [{**FUNCTION, "module": 5}]}, "imports[0].module", "expected a UUID, got 5"),
    (
        {**minimal(), "imports": [{**FUNCTION, "module": "griper"}]},
        "imports[0].module",
        "got 'griper', did you mean 'ur5.gripper'?",
    ),
    (
        {**minimal(), "imports": [{**FUNCTION, "module": MODULE}] * 2},
        "imports[1].id",
        "another function of that module has",
    ),
    ({**minimal(), "dependencies": "x"}, "dependencies", "expected a list"),
    (with_parameters({**PARAMETER, "mutable": 1}), f"{P}.mutable", "expected true or false, got 1"),
    (with_parameters({**PARAMETER, "default": {"f64": 1}}), f"{P}.default", "did you mean 'default_value'?"),
    (with_parameters({**PARAMETER, "name": ""}), f"{P}.name", "expected a name"),
    (with_parameters(PARAMETER, {**PARAMETER, "name": "q"}), "exports[0].parameters[1].id", "another parameter has"),
    (with_parameters(PARAMETER, {**PARAMETER, "id": POSE}), "exports[0].parameters[1].name", "another parameter has p"),
    (with_parameters({**PARAMETER, "id": FORWARD, "mutable": True}), f"{P}.id", "may not have its function's id"),
    (with_type("f64"), f"{P}.type", "expected a type reference such as {kind: scalar, id: f64}, got 'f64'"),
    (with_type({"id": "f64"}), f"{P}.type.kind", "the key 'kind' is missing"),
    (
        with_type({"kind": "fixedArray", "id": "f64"}),
        f"{P}.type.kind",
        "unknown kind 'fixedArray', did you mean 'fixedarray'?",
    ),
    (with_type({"kind": "scalar"}), f"{P}.type.id", "the key 'id' is missing"),
    (with_type({"kind": "scalar", "id": "f46"}), f"{P}.type.id", "unknown type 'f46', did you mean 'f64'?"),
    (
        with_type({"kind": "scalar", "id": "ur5.Poze"}),
        f"{P}.type.id",
        "unknown type 'ur5.Poze', did you mean 'ur5.Pose'?",
    ),
    (with_type({"kind": "scalar", "id": 11}), f"{P}.type.id", "expected a type's UUID or name, got 11"),
    (with_type({"kind": "scalar", "id": "f64", "len": 1}), f"{P}.type.len", "unknown key 'len'"),
    (with_type({"kind": "fixedarray", "id": "f64"}), f"{P}.type.len", "the key 'len' is missing"),
    (with_type({"kind": "fixedarray", "id": "f64", "len": True}), f"{P}.type.len", "expected an integer"),
    (with_type({"kind": "fixedarray", "id": "f64", "len": -1}), f"{P}.type.len", "got -1"),
    (
        with_type({"kind": "map", "key_id": "u8", "value_id": "f64"}),
        f"{P}.type.key_id",
        "expected str, the only type of key",
    ),
    (with_type({"kind": "map", "key_id": "str"}), f"{P}.type.value_id", "the key 'value_id' is missing"),
    (with_default(0.5), f"{P}.default_value", "expected a value with its tag"),
    (with_default({"float": 1}), f"{P}.default_value", "unknown tag 'float'"),
    (with_default({"u8": 1}), f"{P}.default_value", "expected f64, got U8(1)"),
    (with_default({"u8": 300}, "u8"), f"{P}.default_value.u8", "300 is out of range for u8"),
    (
        with_default({"struct": {"id": POSE_TYPE, "fields": [{"id": JOINTS, "value": {"u8": 1}}]}}, "ur5.Pose"),
        f"{P}.default_value",
        "x: expected f64, got U8(1)",
    ),
]


@pytest.mark.parametrize(("data", "path", "message"), MISTAKES)
def test_a_mistake_is_told_with_the_path_of_its_key(data: Any, path: str, message: str) -> None:
    with pytest.raises(HeaderError) as caught:
        Header.from_data(data, REGISTRY)
    assert message in caught.value.message
    assert caught.value.path == path


# --- mistakes in the text itself -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ("", "", "expected a mapping, got nothing"),
        ("name: [", "", "line 1, column 8: "),
        ("name: a\n  b: c", "", "line 2, column 4: mapping values are not allowed here"),
        ("name: a\nname: b", "name", "line 2, column 1: the key 'name' stands here twice"),
        ("exports:\n- {id: 1, id: 2}", "exports[0].id", "line 2, column 11: the key 'id' stands here twice"),
        ("name: *a", "", "line 1, column 7: found undefined alias 'a'"),
        ("exports: &a [*a]", "exports[0]", "an alias stands inside what it names"),
        ("name: !!python/name:os.system", "name", "is not allowed"),
        ("name: !!int x", "", "not a value of its tag"),
        ("name: \x00", "", "special characters are not allowed"),
        ("a: 1\n---\na: 2", "", "line 2, column 1: but found another document"),
        (b"name: \xff", "", "not UTF-8 text: invalid start byte at byte 6"),
        ('{"name": "a", "exports": [{"id": 1, "id": 2}]}', "exports[0].id", "the key 'id' stands here twice"),
        ("{name: a, name: b}", "name", "the key 'name' stands here twice"),
        ('{"name": ]}', "", "line 1, column 10: not JSON: Expecting value"),
        ('{"name": "a"', "", "not JSON"),
        ("[" * 100_000, "", "nested too deeply"),
        ('{"exports": ' + "[" * 100_000, "", "nested too deeply"),
    ],
)
def test_a_mistake_in_the_text_is_told_with_its_line(text: str | bytes, path: str, message: str) -> None:
    with pytest.raises(HeaderError) as caught:
        Header.parse(text)
    assert message in caught.value.message
    assert caught.value.path == path


def test_aliases_that_expand_to_too_much_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(HeaderError, match="aliases expand to too much"):
        Header.parse("\n".join(lines))


def test_aliases_may_be_used() -> None:
    text = HIGH.replace("type: {kind: scalar, id: ur5.Pose}", "type: &pose {kind: scalar, id: ur5.Pose}")
    header = Header.parse(text.replace("ret: {kind: option, id: ur5.Pose}", "ret: *pose"), REGISTRY)
    assert header.exports[0].ret == ScalarRef(UUID(POSE_TYPE))


@pytest.mark.parametrize(
    ("written", "read"),
    [("no", "no"), ("on", "on"), ("2024-01-01", "2024-01-01"), ("012", "012"), ("1:30", "1:30"), ("'5'", "5")],
)
def test_yaml_is_read_by_the_rules_of_1_2(written: str, read: str) -> None:
    assert Header.parse(HIGH.replace("name: ur5\n", f"name: {written}\n"), REGISTRY).name == read


# --- the law -------------------------------------------------------------------------------------

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
def test_a_header_comes_back_from_its_low_form_as_it_went(header: Header) -> None:
    assert Header.parse(json.dumps(header.to_data(), allow_nan=False)) == header


@settings(max_examples=200)
@given(st.data())
def test_whatever_the_text_the_only_error_is_a_header_error(data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(HIGH)))
    length = data.draw(st.integers(0, 8))
    text = HIGH[:position] + data.draw(st.text(max_size=4)) + HIGH[position + length :]
    try:
        header = Header.parse(text, REGISTRY)
    except HeaderError:
        return
    assert Header.from_data(header.to_data()) == header
