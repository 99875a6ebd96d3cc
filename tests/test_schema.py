"""The JSON Schema agrees with the parser about the shape of headers, and with the classes about their keys."""

from __future__ import annotations

import copy
import dataclasses
import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from arora_core.errors import HeaderError
from arora_core.header import (
    ExecutorRequirement,
    ExportedFunction,
    Header,
    ImportedFunction,
    Parameter,
    Version,
    schema,
)
from arora_core.types import TYPE_IDS

from .sample_header import PARSED, REGISTRY, low

MODULE, FORWARD, JOINTS = (f"00000000-0000-0000-0001-{n:012X}" for n in (10, 11, 12))
SCHEMA = json.loads(schema.text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def header() -> Any:
    return {
        "id": MODULE,
        "name": "ur5",
        "author": "Ada",
        "license": "MIT",
        "version": {"major": 1, "minor": 2, "patch": 3},
        "executor": {"name": "wasm", "min_version": "1.0.0"},
        "exports": [
            {
                "type": "function",
                "id": FORWARD,
                "name": "forward",
                "parameters": [{"id": JOINTS, "name": "joints", "type": {"kind": "scalar", "id": "f64"}}],
            }
        ],
        "imports": [{"type": "function", "id": FORWARD, "name": "close", "module": MODULE}],
    }


def changed(path: tuple[str | int, ...], data: object) -> Any:
    """Return the header with ``data`` at ``path``, or without that key if ``data`` is an ellipsis."""
    made = header()
    place = made
    for step in path[:-1]:
        place = place[step]
    if data is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = data
    return made


def accepts(data: object) -> bool:
    return bool(VALIDATOR.is_valid(data))


FUNCTION = ("exports", 0)
PARAMETER = (*FUNCTION, "parameters", 0)
TYPE = (*PARAMETER, "type")
DEFAULT = (*PARAMETER, "default_value")
ANY = {"kind": "scalar", "id": "value"}


def with_default(value: object) -> Any:
    made = changed(TYPE, ANY)
    made["exports"][0]["parameters"][0]["default_value"] = value
    return made


GOOD: list[Any] = [
    header(),
    *(changed((key,), None) for key in ("description", "executable_mime", "exports", "imports", "dependencies")),
    changed(("version",), "1.2.3"),
    changed(("executor", "max_version"), {"major": 2, "minor": 0, "patch": 0}),
    changed(("author",), ""),
    changed(("dependencies",), [{"anything": 1}]),
    changed((*PARAMETER, "mutable"), True),
    changed((*FUNCTION, "ret"), {"kind": "option", "id": "str"}),
    changed((*FUNCTION, "parameters"), None),
    *(changed(TYPE, {"kind": "scalar", "id": name}) for name in TYPE_IDS),
    changed(TYPE, {"kind": "array", "id": MODULE}),
    changed(TYPE, {"kind": "fixedarray", "id": "f64", "len": 6}),
    changed(TYPE, {"kind": "map", "key_id": "str", "value_id": "f64"}),
    changed(TYPE, {"kind": "map", "key_id": str(TYPE_IDS["str"]), "value_id": "f64"}),
    *map(
        with_default,
        [
            "unit",
            {"bool": True},
            {"u64": 2**64 - 1},
            {"f64": 0.5},
            {"f64": "NaN"},
            {"str": ""},
            {"uuid": MODULE},
            {"option": None},
            {"option": {"option": {"i8": -128}}},
            {"u8s": [0, 255]},
            {"f32s": [1, "-Infinity"]},
            {"strs": ["a"]},
            {"values": ["unit", {"u8": 1}]},
            {"struct": {"id": MODULE, "fields": [{"id": JOINTS, "value": {"u8": 1}}]}},
            {"structs": {"id": MODULE, "elements": [{"fields": []}]}},
            {"enum": {"id": MODULE, "variant_id": JOINTS, "value": "unit"}},
            {"enums": {"id": MODULE, "elements": [{"variant_id": JOINTS, "value": "unit"}]}},
            {
                "keyvalue": {
                    "id": MODULE,
                    "fields": {"a": {"id": JOINTS, "name": "a"}, "b": {"id": JOINTS, "value": None}},
                }
            },
        ],
    ),
]

BAD: list[Any] = [
    [],
    *(changed((key,), ...) for key in ("id", "name", "author", "license", "version", "executor")),
    *(changed((*FUNCTION, key), ...) for key in ("type", "id", "name")),
    *(changed((*PARAMETER, key), ...) for key in ("id", "name", "type")),
    *(changed((*place, "unknown"), 1) for place in ((), ("version",), ("executor",), FUNCTION, PARAMETER, TYPE)),
    changed(("id",), "ur5"),
    changed(("id",), MODULE.replace("-", "", 1)),
    changed(("name",), ""),
    changed(("author",), None),
    changed(("version",), "1.2"),
    changed(("version", "major"), -1),
    changed(("version", "major"), True),
    changed(("version", "major"), 2**32),
    changed(("version", "patch"), ...),
    changed(("executor",), "wasm"),
    changed(("executor", "name"), ""),
    changed(("exports",), {}),
    changed((*FUNCTION, "type"), "method"),
    changed((*FUNCTION, "module"), MODULE),
    changed(("imports", 0, "module"), ...),
    changed((*PARAMETER, "mutable"), 1),
    changed(TYPE, "f64"),
    changed(TYPE, {"id": "f64"}),
    changed(TYPE, {"kind": "vector", "id": "f64"}),
    changed(TYPE, {"kind": "scalar", "id": 11}),
    changed(TYPE, {"kind": "scalar", "id": ""}),
    changed(TYPE, {"kind": "scalar", "id": "f64", "len": 1}),
    changed(TYPE, {"kind": "fixedarray", "id": "f64"}),
    changed(TYPE, {"kind": "fixedarray", "id": "f64", "len": -1}),
    changed(TYPE, {"kind": "map", "key_id": "u8", "value_id": "f64"}),
    *map(
        with_default,
        [
            5,
            "u8",
            {},
            {"u8": 1, "u16": 1},
            {"float": 1},
            {"u8": 256},
            {"u8": True},
            {"u8s": [-1]},
            {"f64": "nan"},
            {"strs": [1]},
            {"uuid": "x"},
            {"struct": {"id": MODULE}},
            {"struct": {"id": MODULE, "fields": [{"id": 5, "value": "unit"}]}},
            {"option": {"option": 5}},
        ],
    ),
]


def test_the_schema_is_a_valid_json_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("data", GOOD)
def test_the_schema_accepts_a_header_that_the_parser_accepts(data: Any) -> None:
    Header.from_data(copy.deepcopy(data))
    assert accepts(data)


@pytest.mark.parametrize("data", BAD)
def test_a_header_of_the_wrong_shape_is_refused_by_the_parser_and_the_schema(data: Any) -> None:
    with pytest.raises(HeaderError):
        Header.from_data(copy.deepcopy(data))
    assert not accepts(data)


Path = tuple[str | int, ...]

ANYTHING: list[Any] = [
    *(None, True, 0, -1, 1.5, 2**32, [], {}, [{}], {"a": 1}),
    *("", "x", "f64", "ur5.Pose", "ur5.", "gripper", "function", "1.2.3", MODULE),
    {"kind": "vector"},
    {"kind": "scalar", "id": "value"},
    {"kind": "scalar", "id": "value", "len": 1},
    {"kind": "map", "key_id": "u8", "value_id": "value"},
    {"major": 1, "minor": 2, "patch": 3},
    {"major": 1, "minor": 2},
    {"name": "wasm"},
    {"name": "wasm", "max_version": None},
    {"f64": 0.5},
    {"f64s": [1]},
    [{"type": "function", "id": MODULE, "name": "f"}],
    [{"id": MODULE, "name": "p", "type": {"kind": "scalar", "id": "value"}}],
]
MEANING = re.compile(
    "another |unknown type |expected a module's UUID, or the name |a mutable parameter may not have its function's id|"
    r"[0-9.]+ is below min_version|expected \S+( \S+)?, got (F64|ArrayF64)\("
)
"""The start of the parser's messages about mistakes other than the shape of a header."""


def paths(data: Any, start: Path = ()) -> Iterator[Path]:
    """Yield the path of ``data`` and of everything in it."""
    yield start
    entries = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for step, part in entries:
        yield from paths(part, (*start, step))


def replaced(data: Any, path: Path, part: object) -> Any:
    """Return ``data`` with ``part`` at ``path``."""
    if not path:
        return part
    made = copy.copy(data)
    made[path[0]] = replaced(data[path[0]], path[1:], part)
    return made


def whole() -> Any:
    """Return a header with every key, whose types allow any value."""
    made = low()
    made["dependencies"] = [1]
    for function in (*made["exports"], *made["imports"]):
        for parameter in function["parameters"]:
            parameter["type"] = ANY
            parameter["default_value"] = {"f64": 0.5}
    return made


def refused(data: Any) -> str | None:
    """Return the parser's error message about ``data``, or None."""
    try:
        Header.from_data(data, REGISTRY)
    except HeaderError as error:
        return error.message
    return None


@pytest.mark.parametrize("path", list(paths(whole())), ids=lambda path: ".".join(map(str, path)))
def test_the_parser_and_the_schema_agree_on_the_shape_of_any_data_anywhere(path: Path) -> None:
    for part in ANYTHING:
        data = replaced(whole(), path, part)
        refusal = refused(data)
        if refusal is None:
            assert accepts(data), part
        else:
            assert not accepts(data) or MEANING.match(refusal), (part, refusal)


def test_a_header_is_written_as_the_schema_says() -> None:
    assert accepts(PARSED.to_data())


@pytest.mark.parametrize(
    ("cls", "part"),
    [
        (Header, SCHEMA),
        (ExecutorRequirement, SCHEMA["$defs"]["executorRequirement"]),
        (ExportedFunction, SCHEMA["$defs"]["exportedFunction"]),
        (ImportedFunction, SCHEMA["$defs"]["importedFunction"]),
        (Parameter, SCHEMA["$defs"]["parameter"]),
        (Version, SCHEMA["$defs"]["version"]["anyOf"][0]),
    ],
)
def test_the_schema_has_the_keys_of_the_classes_in_their_order(cls: Any, part: Any) -> None:
    names = [field.name for field in dataclasses.fields(cls) if field.type != "TypeRegistry"]
    assert [key for key in part["properties"] if part["properties"][key].get("const") != "function"] == names


def undescribed(part: Any) -> set[str]:
    """Return the keys without a description, neither their own nor that of the definition they refer to."""
    if isinstance(part, list):
        return {name for item in part for name in undescribed(item)}
    if not isinstance(part, dict):
        return set()
    own = {
        name
        for name, key in part.get("properties", {}).items()
        if "description" not in key and "description" not in SCHEMA["$defs"].get(key.get("$ref", "")[8:], {})
    }
    return own.union(*map(undescribed, part.values()))


def test_every_key_of_a_header_has_a_description_for_editors() -> None:
    definitions = {name: part for name, part in SCHEMA["$defs"].items() if name != "value"}
    assert undescribed([SCHEMA["properties"], definitions]) == set()


def test_keys_have_defaults_and_examples_for_editors() -> None:
    properties, parameter = SCHEMA["properties"], SCHEMA["$defs"]["parameter"]["properties"]
    assert (properties["exports"]["default"], properties["executable_mime"]["default"]) == ([], "")
    assert parameter["mutable"]["default"] is False
    assert properties["license"]["examples"] == ["Apache-2.0", "MIT"]
