"""The published JSON Schema agrees with the parser about the shape of headers."""

from __future__ import annotations

import copy
import json
from typing import Any

import jsonschema
import pytest

from arora_core.errors import HeaderError
from arora_core.header import Header, schema
from arora_core.types import TYPE_IDS

MODULE, FORWARD, JOINTS = (f"00000000-0000-0000-0001-{n:012X}" for n in (10, 11, 12))
SCHEMA = json.loads(schema.text())


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
    """The header with ``data`` at ``path``; without what is there when ``data`` is an ellipsis."""
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
    return bool(jsonschema.Draft202012Validator(SCHEMA).is_valid(data))


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
    changed(("id",), MODULE.replace("-", "")),
    changed(("name",), ""),
    changed(("author",), None),
    changed(("version",), "1.2"),
    changed(("version", "major"), -1),
    changed(("version", "major"), True),
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


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("data", GOOD)
def test_a_header_the_parser_takes_the_schema_takes(data: Any) -> None:
    Header.from_data(copy.deepcopy(data))
    assert accepts(data)


@pytest.mark.parametrize("data", BAD)
def test_a_header_of_the_wrong_shape_is_refused_by_the_parser_and_the_schema(data: Any) -> None:
    with pytest.raises(HeaderError):
        Header.from_data(copy.deepcopy(data))
    assert not accepts(data)


def undescribed(part: Any) -> set[str]:
    """The keys that neither say what they are nor refer to a definition that does."""
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


def test_every_key_of_a_header_is_described_for_editors() -> None:
    definitions = {name: part for name, part in SCHEMA["$defs"].items() if name != "value"}
    # The branches of a type reference leave its `kind` to the reference itself.
    assert undescribed([SCHEMA["properties"], definitions]) <= {"kind"}
    assert "description" in SCHEMA["$defs"]["typeReference"]["properties"]["kind"]
