"""Three typical values: scalars, a pose as exchanged by robots, and a thousand structures."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Final
from uuid import UUID

from arora_core import TypeRegistry
from arora_core.binding.generated_classes import structure_class
from arora_core.types import TYPE_IDS, ArrayRef, FieldType, ScalarRef, StructureType, TypeRef, Version

MANY: Final = 1000


@dataclass(frozen=True)
class Sample:
    """A value to encode. ``made`` is the Python object that represents it in Arora."""

    name: str
    title: str
    type: TypeRef
    made: Any

    @property
    def plain(self) -> Any:
        """The same value as dicts and lists."""
        return _plain(self.made)


def _plain(made: Any) -> Any:
    if is_dataclass(made):
        return {each.name: _plain(getattr(made, each.name)) for each in fields(made)}
    if isinstance(made, (list, array)):
        return [_plain(each) for each in made]
    return made


def _structure(number: int, name: str, parts: Iterable[tuple[str, str | TypeRef]]) -> StructureType:
    types = {part: ScalarRef(TYPE_IDS[type]) if isinstance(type, str) else type for part, type in parts}
    members = tuple(
        FieldType(UUID(int=(0x9000 << 16) + (number << 8) + index), part, type)
        for index, (part, type) in enumerate(types.items(), 1)
    )
    return StructureType(UUID(int=(0x9000 << 16) + (number << 8)), name, f"bench.{name}", Version(1, 0, 0), members)


def _of(record: StructureType) -> TypeRef:
    return ScalarRef(record.id)


STATUS = _structure(
    1,
    "Status",
    [("enabled", "bool"), ("mode", "u8"), ("error", "i32"), ("at", "u64"), ("speed", "f64"), ("name", "str")],
)
TIME = _structure(2, "Time", [("seconds", "i32"), ("nanoseconds", "u32")])
FRAME = _structure(3, "Header", [("stamp", _of(TIME)), ("frame_id", "str")])
POINT = _structure(4, "Point", [(axis, "f64") for axis in "xyz"])
QUATERNION = _structure(5, "Quaternion", [(axis, "f64") for axis in "xyzw"])
POSE = _structure(
    6,
    "PoseWithCovariance",
    [
        ("header", _of(FRAME)),
        ("position", _of(POINT)),
        ("orientation", _of(QUATERNION)),
        ("covariance", ArrayRef(TYPE_IDS["f64"])),
    ],
)
MARK = _structure(7, "Mark", [("id", "u32"), ("x", "f64"), ("y", "f64"), ("label", "str"), ("seen", "bool")])
TYPES: Final = TypeRegistry([STATUS, TIME, FRAME, POINT, QUATERNION, POSE, MARK])


def _scalars() -> Any:
    return structure_class(STATUS)(True, 3, -17, 1_763_835_600_000_000_000, 0.125, "left arm")


def _pose() -> Any:
    header = structure_class(FRAME)(structure_class(TIME)(1_763_835_600, 250_000_000), "base_link")
    orientation = structure_class(QUATERNION)(0.0, 0.6, 0.0, 0.8)
    covariance = array("d", [0.01 if row == column else 0.0 for row in range(6) for column in range(6)])
    return structure_class(POSE)(header, structure_class(POINT)(1.5, -0.25, 0.75), orientation, covariance)


def _marks() -> list[Any]:
    mark = structure_class(MARK)
    return [mark(each, each * 0.5, each * -0.25, f"mark {each}", each % 3 == 0) for each in range(MANY)]


SAMPLES: Final = (
    Sample("scalars", "six scalars (a status)", _of(STATUS), _scalars()),
    Sample("pose", "a pose with header and covariance", _of(POSE), _pose()),
    Sample("structures", f"{MANY} structures (marks)", ArrayRef(MARK.id), _marks()),
)
