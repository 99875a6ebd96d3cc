"""Functions and the types they use, as they are shown to a reader."""

from __future__ import annotations

from .. import text
from .. import values as v
from ..header import ExportedFunction, ImportedFunction, Parameter
from ..types import type_name
from ..types.references import UNIT, ScalarRef
from ..types.registry import EnumerationType, TypeRecord, TypeRegistry
from .printing import yaml_text


def signature(function: ExportedFunction | ImportedFunction, registry: TypeRegistry) -> str:
    """``check(joints: f64[], reach: u64 = 0) -> safety.Verdict``; mutable parameters are marked so."""
    parameters = ", ".join(_parameter(each, registry) for each in function.parameters)
    return f"{function.name}({parameters}) -> {type_name(function.ret, registry)}"


def _parameter(parameter: Parameter, registry: TypeRegistry) -> str:
    mutable = "mutable " if parameter.mutable else ""
    default = "" if parameter.default_value is None else f" = {_short(parameter.default_value)}"
    return f"{mutable}{parameter.name}: {type_name(parameter.type, registry)}{default}"


def _short(value: v.Value) -> str:
    if isinstance(value, v.Scalar):
        return yaml_text(str(value.value) if isinstance(value, v.Uuid) else value.value).strip()
    shown = str(text.to_data(value))
    return shown if len(shown) <= 40 else "…"


def spelled_out(record: TypeRecord, registry: TypeRegistry) -> list[str]:
    """The type in lines: its path and kind, then a line for each field or variant."""
    kind = "enumeration" if isinstance(record, EnumerationType) else "structure"
    lines = [f"{kind} {record.path}"]
    for each in record.members:
        bare = kind == "enumeration" and each.type == ScalarRef(UNIT)
        lines.append(f"  {each.name}" if bare else f"  {each.name}: {type_name(each.type, registry)}")
    return lines
