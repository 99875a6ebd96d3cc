"""Python clients made of headers, and host modules that answer their calls, for tests."""

from __future__ import annotations

import importlib.util
import itertools
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any, Final
from uuid import UUID

from arora_core import Header, HostModule, Result
from arora_core import values as v
from arora_core.authoring.generated_files import texts
from arora_core.authoring.python_language import GENERATOR
from arora_core.header import ExecutorRequirement, ExportedFunction, ImportedFunction, Parameter
from arora_core.runtime.host_module import HOST
from arora_core.types import ArrayRef, OptionRef, ScalarRef, TypeRegistry, Version

from ..signatures import (
    COVERED,
    LIST,
    REGISTRY,
    UNCOVERED,
    UNDECLARED,
    scalar,
)
from ..signatures import (
    array as array_of,
)

ROOT: Final = Path(__file__).parents[2]
UR5: Final = ROOT / "examples" / "ur5" / "module.yaml"
WATCHDOG: Final = ROOT / "examples" / "watchdog" / "module.yaml"
AWKWARD: Final = (
    "self",
    "class",
    "float",
    "list",
    "load",
    "id",
    "array",
    "move-to",
    "m/s²",
    "Point",
    "str",
    "TYPE_CHECKING",
)
TYPES: Final = [
    *COVERED,
    *(ScalarRef(LIST.id), OptionRef(LIST.id), ArrayRef(LIST.id)),
    *(ref for ref in UNCOVERED.values() if ref != ScalarRef(UNDECLARED)),
]

_number = itertools.count()


def header(*exports: ExportedFunction, types: TypeRegistry = REGISTRY, name: str = "probe", **changes: Any) -> Header:
    made = Header(UUID(int=1), name, "Ada", "MIT", None, Version(1, 0, 0), ExecutorRequirement(HOST))
    return replace(made, exports=exports, types=types, **changes)


def of_all_types() -> Header:
    """Return a header of functions that take and return every type, and of functions with awkward names."""
    exports = [
        ExportedFunction(
            UUID(int=0x10000 + index),
            f"f{index}",
            (Parameter(UUID(int=0xA), "given", ref, index % 3 == 0), Parameter(UUID(int=0xB), "n", scalar("u8"))),
            ref,
        )
        for index, ref in enumerate(TYPES)
    ]
    parameters = tuple(
        Parameter(UUID(int=0x30000 + index), name, array_of("f64"), index % 2 == 0, _default(index))
        for index, name in enumerate(AWKWARD)
    )
    exports += [
        ExportedFunction(UUID(int=0x20000 + index), name, parameters, array_of("str"))
        for index, name in enumerate(AWKWARD)
    ]
    imports = [ImportedFunction(each.id, each.name, each.parameters, each.ret, UUID(int=2)) for each in exports]
    return header(*exports, name="every type", imports=tuple(imports), description='Says """everything"""\\ \n"')


def _default(index: int) -> v.Value | None:
    return v.ArrayF64([1.5]) if index % 3 == 0 else None


def generated(made: Header) -> str:
    (text,) = texts(GENERATOR, made).values()
    return text


def imported(text: str, directory: Path) -> ModuleType:
    """Return the module of a generated text, written to a file of a new name."""
    path = directory / f"generated_{next(_number)}.py"
    path.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def echo(made: Header) -> HostModule:
    """Return a host module whose functions return their first argument, and what else is mutable unchanged."""
    host = HostModule(made)
    for export in made.exports:
        host.function(export.name)(echoing(export))
    return host


def echoing(export: ExportedFunction) -> Callable[..., Any]:
    mutable = [each.name for each in export.parameters if each.mutable]

    def answer(**arguments: Any) -> Any:
        values = list(arguments.values())
        by_name = dict(zip([each.name for each in export.parameters], values, strict=False))
        first = values[0] if values else None
        return Result(first, {name: by_name[name] for name in mutable}) if mutable else first

    return answer
