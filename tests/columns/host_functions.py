"""Host modules whose one function has any signature, and notes its calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from arora_core import Engine, HostModule
from arora_core import values as v
from arora_core.header import Header
from arora_core.header.model import ExecutorRequirement
from arora_core.types import FixedArrayRef, ScalarRef, TypeRef, TypeRegistry, Version
from tests.signatures import REGISTRY, UNIT, array, function, scalar, structure

POSE = structure(0x900, "Pose", [("x", scalar("f64")), ("y", FixedArrayRef(scalar("f64").id, 2))])
PLACED = structure(0x910, "Placed", [("pose", ScalarRef(POSE.id)), ("on", scalar("bool"))])
TRACK = structure(0x920, "Track", [("at", array("f32")), ("pose", ScalarRef(POSE.id)), ("flags", array("u8"))])
TYPES = TypeRegistry([*REGISTRY, POSE, PLACED, TRACK])


class Probe:
    """A function whose results are those of ``answer``, and the arguments of its calls."""

    def __init__(
        self,
        engine: Engine,
        parameters: Iterable[TypeRef],
        ret: TypeRef = UNIT,
        answer: Callable[..., Any] = lambda *arguments: None,
        *,
        mutable: bool = False,
        defaults: Mapping[int, v.Value] | None = None,
    ) -> None:
        """``defaults`` are the default values of parameters, by position."""
        export = function(parameters, ret, mutable)
        declared = [
            replace(each, default_value=(defaults or {}).get(index)) for index, each in enumerate(export.parameters)
        ]
        header = Header(
            id=UUID(int=0xFACE),
            name="host",
            author="",
            license="",
            description=None,
            version=Version(1, 0, 0),
            executor=ExecutorRequirement("host"),
            exports=(replace(export, parameters=tuple(declared)),),
            types=TYPES,
        )
        module = HostModule(header)
        self.calls: list[tuple[Any, ...]] = []

        def run(**arguments: Any) -> Any:
            self.calls.append(tuple(arguments.values()))
            return answer(*arguments.values())

        module.function("probe")(run)
        self.function = engine.register(module, replace=True)["probe"]


def adding(engine: Engine) -> Probe:
    """Return the function ``a + b`` of two u32."""
    return Probe(engine, [scalar("u32"), scalar("u32")], scalar("u32"), lambda a, b: a + b)
