"""Functions and the types they use, as they are shown to a reader."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from uuid import UUID

from .. import text
from .. import values as v
from ..header import ExportedFunction, Header, ImportedFunction, Parameter
from ..types import type_name
from ..types.references import UNIT, MapRef, ScalarRef, TypeRef
from ..types.registry import EnumerationType, StructureType, TypeRecord, TypeRegistry
from .printing import yaml_text


def signature(function: ExportedFunction | ImportedFunction, registry: TypeRegistry) -> str:
    """``check(joints: f64[], reach: u64 = 0) -> watchdog.Verdict``; mutable parameters are marked so."""
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


def used_types(header: Header) -> list[TypeRecord]:
    """The structures and enumerations that the header's functions use, and those that these use, as first met."""
    found: dict[UUID, TypeRecord] = {}
    functions: list[ExportedFunction | ImportedFunction] = [*header.exports, *header.imports]
    for function in functions:
        _collect([*(each.type for each in function.parameters), function.ret], header.types, found)
    return list(found.values())


def _collect(refs: Iterable[TypeRef], registry: TypeRegistry, found: dict[UUID, TypeRecord]) -> None:
    for ref in refs:
        record = registry.get(ref.value_id if isinstance(ref, MapRef) else ref.id)
        if record is not None and record.id not in found:
            found[record.id] = record
            _collect((type for _, _, type in members(record)), registry, found)


def members(record: TypeRecord) -> Iterator[tuple[UUID, str, TypeRef]]:
    """The id, name and type of every field or variant."""
    for each in record.fields if isinstance(record, StructureType) else record.variants:
        yield each.id, each.name, each.type


def spelled_out(record: TypeRecord, registry: TypeRegistry) -> list[str]:
    """The type in lines: its path and kind, then a line for each field or variant."""
    kind = "enumeration" if isinstance(record, EnumerationType) else "structure"
    lines = [f"{kind} {record.path}"]
    for _, name, type in members(record):
        bare = kind == "enumeration" and type == ScalarRef(UNIT)
        lines.append(f"  {name}" if bare else f"  {name}: {type_name(type, registry)}")
    return lines
