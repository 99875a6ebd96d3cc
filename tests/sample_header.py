"""A module header with every key, in the high form and as the object that parsing it returns."""

from __future__ import annotations

import copy
from typing import Any
from uuid import UUID

from arora_core import values as v
from arora_core.header import ExecutorRequirement, ExportedFunction, Header, ImportedFunction, Parameter, Version
from arora_core.types import (
    TYPE_IDS,
    FieldType,
    FixedArrayRef,
    MapRef,
    ModuleRecord,
    OptionRef,
    ScalarRef,
    StructureType,
    TypeRegistry,
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
    """Return the same header in the low form, as plain data that a test may change."""
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
