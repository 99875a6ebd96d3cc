"""A header as ``arora inspect`` shows it: every key, without being named there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from arora_core.cli.module_description import describe, facts
from arora_core.header import Header
from arora_core.header.model import EXECUTOR, EXPORTED_FUNCTION, HEADER, IMPORTED_FUNCTION, PARAMETER

from ..sample_header import GRIPPER, HIGH, PARSED, REGISTRY

DESCRIBED: dict[str, Any] = describe(Header.parse(HIGH, REGISTRY))


def test_every_key_is_shown() -> None:
    exports, imports = DESCRIBED["exports"], DESCRIBED["imports"]
    assert DESCRIBED.keys() - {"types"} == {"needs" if key == "executor" else key for key in HEADER.keys}
    assert exports[0].keys() - {"signature"} == EXPORTED_FUNCTION.keys.keys()
    assert imports[0].keys() - {"signature", "module_name"} == IMPORTED_FUNCTION.keys.keys()
    assert exports[0]["parameters"][0].keys() == PARAMETER.keys.keys()
    assert DESCRIBED["needs"] == {"name": "wasm", "min_version": "1.0.0", "max_version": "2.0.0"}
    assert EXECUTOR.keys.keys() == DESCRIBED["needs"].keys()


def test_types_and_versions_are_shown_as_they_are_called() -> None:
    forward, reset = DESCRIBED["exports"]
    assert DESCRIBED["version"] == "1.2.3"
    assert [each["type"] for each in forward["parameters"]] == ["f64[2]", "ur5.Pose"]
    assert forward["ret"] == "option<ur5.Pose>"
    assert reset["ret"] == "unit"


def test_the_record_of_a_module_names_it() -> None:
    (close,) = DESCRIBED["imports"]
    assert (close["module"], close["module_name"]) == (GRIPPER, "gripper")
    without_records: dict[str, Any] = describe(PARSED)
    assert without_records["imports"][0]["module_name"] is None


def test_the_facts_are_short_text() -> None:
    assert facts(PARSED) == {
        "id": str(PARSED.id),
        "author": "Ada",
        "license": "MIT",
        "needs": "wasm from 1.0.0 up to 2.0.0",
    }
    unbounded = replace(PARSED, id=UUID(int=0), executor=replace(PARSED.executor, min_version=None, max_version=None))
    assert facts(unbounded)["needs"] == "wasm"
