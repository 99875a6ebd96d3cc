"""The text of a structure or an enumeration: the type, and the table of its ids."""

from __future__ import annotations

from collections.abc import Sequence

from ...types import EnumerationType
from ...types.registry import TypeRecord
from . import text
from .rust_types import RustTypes


def record(each: TypeRecord, types: RustTypes) -> list[list[str]]:
    """Return the declaration of a record, and its table."""
    names = types.members[each.id]
    declared = _variants(each, names, types) if isinstance(each, EnumerationType) else _fields(each, names, types)
    kind, macro = ("enum", "enumeration") if isinstance(each, EnumerationType) else ("struct", "structure")
    name = types.names[each.id]
    start = f"pub {kind} {name} {{"
    table = [f'{name} {text.string(each.path)} = "{each.id}";', *_table(each, names, types)]
    return [
        [
            f"/// {text.quoted_name(each.path)}",
            f"#[derive({', '.join(_derived(each, types))})]",
            *([start, *text.indented(declared), "}"] if declared else [f"{start}}}"]),
        ],
        [f"arora::{macro}! {{", *text.indented(table), "}"],
    ]


def _derived(each: TypeRecord, types: RustTypes) -> list[str]:
    copied = ["Copy"] if each.id in types.copied else []
    plain = isinstance(each, EnumerationType) and not any(
        types.has_payload(each, index) for index in range(len(each.members))
    )
    return ["Clone", *copied, "Debug", *(["Eq"] if plain else []), "PartialEq"]


def _fields(each: TypeRecord, names: Sequence[str], types: RustTypes) -> list[str]:
    lines: list[str] = []
    for index, (member, name) in enumerate(zip(each.members, names, strict=True)):
        lines += text.renamed(member.name, name)
        lines.append(f"pub {name}: {types.member(each, index)},")
    return lines


def _variants(each: TypeRecord, names: Sequence[str], types: RustTypes) -> list[str]:
    lines: list[str] = []
    for index, (member, name) in enumerate(zip(each.members, names, strict=True)):
        lines += text.renamed(member.name, name)
        lines.append(f"{name}({types.member(each, index)})," if types.has_payload(each, index) else f"{name},")
    return lines


def _table(each: TypeRecord, names: Sequence[str], types: RustTypes) -> list[str]:
    lines = []
    for index, (member, name) in enumerate(zip(each.members, names, strict=True)):
        if isinstance(each, EnumerationType):
            shown = f"{text.labelled(name, member.name)}(payload)" if types.has_payload(each, index) else name
        else:
            shown = text.labelled(name, member.name)
        lines.append(f'{shown} = "{member.id}",')
    return lines
