"""Mistakes in what a module header says (ABI §7): each is reported with the path of its key."""

from __future__ import annotations

from typing import Any

import pytest

from arora_core.errors import HeaderError
from arora_core.header import Header

from .sample_header import FORWARD, JOINTS, MODULE, POSE, POSE_TYPE, REGISTRY, RESET, minimal

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
    ({5: 1}, "", "expected a text key, got 5 (quote it)"),
    ({**minimal(), "exprots": []}, "exprots", "unknown key 'exprots', did you mean 'exports'?"),
    *((without(key), key, f"the key {key!r} is missing") for key in minimal()),
    ({**minimal(), "id": 5}, "id", "expected a UUID, got 5"),
    ({**minimal(), "id": "ur5"}, "id", "expected a UUID, got 'ur5'"),
    ({**minimal(), "id": MODULE.replace("-", "", 1)}, "id", "expected a UUID"),
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
def test_a_mistake_is_reported_with_the_path_of_its_key(data: Any, path: str, message: str) -> None:
    with pytest.raises(HeaderError) as caught:
        Header.from_data(data, REGISTRY)
    assert message in caught.value.message
    assert caught.value.path == path
