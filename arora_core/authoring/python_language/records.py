"""The classes of a module's records: dataclasses, enums, and variants with payloads."""

from __future__ import annotations

from collections.abc import Iterator

from ...binding.generated_classes import attributes_of, has_payload
from ...binding.python_names import NameTable
from ...types import EnumerationType, StructureType
from ...types.registry import TypeRecord
from ...types.type_text import type_text
from ..interface import Interface
from .annotations import Annotations
from .layout import Group, docstring, lines, literal
from .names import Names


def classes(interface: Interface, names: Names, annotations: Annotations, stub: bool) -> Iterator[list[str]]:
    """Yield the lines of each record's class. Those of a stub are not declared to engines."""
    for record in interface.records:
        annotations.hidden = {*attributes_of(record).python}
        head = [] if stub else list(_declaration(record, annotations))
        if isinstance(record, StructureType):
            yield head + list(_structure(record, interface, names, annotations))
        elif has_payload(record):
            yield head + list(_variants(record, names, annotations))
        else:
            yield head + list(_enum(record, names, annotations))
    annotations.hidden = ()


def payload_classes(interface: Interface, names: Names, annotations: Annotations) -> Iterator[list[str]]:
    """Yield the lines of the class of each variant of an enumeration with payloads, for type checkers alone."""
    annotations.hidden = ("value",)
    for record in interface.records:
        if isinstance(record, EnumerationType) and has_payload(record):
            for index, (attribute, shape) in enumerate(
                zip(attributes_of(record).python, interface.members[record.id], strict=True)
            ):
                if not _is_unit(record, index):
                    yield [
                        f"@{annotations.name('dataclass')}(frozen=True)",
                        f"class {names.payloads[record.id, index]}({names.classes[record.id]}):",
                        *docstring(f"``{names.classes[record.id]}.{attribute}``.", 1),
                        "",
                        f"    value: {annotations.held(shape)}",
                    ]
    annotations.hidden = ()


def _is_unit(record: EnumerationType, index: int) -> bool:
    return type_text(record.variants[index].type) == "unit"


def _declaration(record: TypeRecord, annotations: Annotations) -> Iterator[str]:
    hidden, annotations.hidden = annotations.hidden, ()
    kind = annotations.name("structure" if isinstance(record, StructureType) else "enumeration")
    annotations.hidden = hidden
    members = [
        Group("(", (literal(str(each.id)), literal(each.name), literal(type_text(each.type))))
        for each in record.members
    ]
    path, version = literal(record.path), literal(str(record.version))
    named = () if record.path.rpartition(".")[2] == record.name else (f"name={literal(record.name)}",)
    yield from lines(
        Group(f"@{kind}(", (path, literal(str(record.id)), version, *members, *named), spread=bool(members))
    )


def _structure(record: StructureType, interface: Interface, names: Names, annotations: Annotations) -> Iterator[str]:
    annotations.used.add("dataclass")
    yield "@dataclass(slots=True)"
    yield f"class {names.classes[record.id]}:"
    yield from docstring(f"The structure {record.path}.", 1)
    table = attributes_of(record)
    if record.fields:
        yield ""
    for field, attribute, shape in zip(record.fields, table.python, interface.members[record.id], strict=True):
        yield f"    {attribute}: {annotations.held(shape)}{_remark(field.name, attribute)}"


def _enum(record: EnumerationType, names: Names, annotations: Annotations) -> Iterator[str]:
    annotations.used.add("Enum")
    yield f"class {names.classes[record.id]}(Enum):"
    yield from docstring(f"The enumeration {record.path}.", 1)
    if record.variants:
        yield ""
    for variant, attribute in zip(record.variants, attributes_of(record).python, strict=True):
        value = f"{annotations.name('UUID')}({literal(str(variant.id))})"
        yield f"    {attribute} = {value}{_remark(variant.name, attribute)}"


def _variants(record: EnumerationType, names: Names, annotations: Annotations) -> Iterator[str]:
    annotations.used.add("Variant")
    cls = names.classes[record.id]
    yield f"class {cls}(Variant):"
    yield from docstring(f"The enumeration {record.path}.", 1)
    if record.variants:
        yield ""
    table: NameTable = attributes_of(record)
    for index, (variant, attribute) in enumerate(zip(record.variants, table.python, strict=True)):
        held = annotations.name(cls)
        if not _is_unit(record, index):
            held = f"{annotations.name('type')}[{annotations.name(names.payloads[record.id, index])}]"
        yield f"    {attribute}: {annotations.name('ClassVar')}[{held}]{_remark(variant.name, attribute)}"


def _remark(name: str, attribute: str) -> str:
    return "" if name == attribute else f"  # {literal(name)}"
