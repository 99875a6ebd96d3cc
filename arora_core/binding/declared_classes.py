"""Declaring the classes of records in source code, for editors and type checkers: what generated Python files do.

A record has one class in a process. If it has none yet, that is the declared one; otherwise the decorator returns the
one it has, which has the same attributes. So codecs make objects of declared classes, no conversion follows, and two
files that declare the same record mean the same class.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from enum import Enum
from typing import Any, TypeVar, cast
from uuid import UUID

from ..types import EnumerationType, FieldType, StructureType, TypeRecord, VariantType, Version
from ..types.type_text import read_type
from .generated_classes import Variant, attributes_of, has_payload, keep_enumeration, keep_structure

_C = TypeVar("_C", bound=type[Any])

Member = tuple[str, str, str]
"""A field or a variant: its id, its name, and its type as :func:`.type_text.type_text` writes it."""

_records: dict[type[Any], TypeRecord] = {}


def structure(path: str, id: str, version: str, *members: Member, name: str | None = None) -> Callable[[_C], _C]:
    """Return a decorator for the dataclass of a structure, with the attributes that engines give it.

    ``name`` is the record's name, by default the last part of its path. The decorator raises TypeError for a class with
    other attributes.
    """
    parts = tuple(FieldType(UUID(member), name, read_type(type)) for member, name, type in members)
    record = StructureType(UUID(id), _name(path, name), path, Version.parse(version), parts)

    def declare(cls: _C) -> _C:
        _check(cls, record, [each.name for each in fields(cls)])
        return cast(_C, _declared(record, keep_structure(record, cls)))

    return declare


def enumeration(path: str, id: str, version: str, *members: Member, name: str | None = None) -> Callable[[_C], _C]:
    """Return a decorator for the class of an enumeration: an ``enum.Enum``, or an empty subclass of Variant.

    ``name`` is the record's name, by default the last part of its path. The decorator raises TypeError for a class with
    other members.
    """
    parts = tuple(VariantType(UUID(member), name, read_type(type)) for member, name, type in members)
    record = EnumerationType(UUID(id), _name(path, name), path, Version.parse(version), parts)

    def declare(cls: _C) -> _C:
        if has_payload(record):
            if not issubclass(cls, Variant):
                raise TypeError(f"{cls.__name__} must be a Variant: {path} has variants with a payload")
        else:
            _check(cls, record, list(cls.__members__) if issubclass(cls, Enum) else [])
        return cast(_C, _declared(record, keep_enumeration(record, cls)))

    return declare


def record_of(cls: type[Any]) -> TypeRecord:
    """Return the record that a class was declared for."""
    return _records[cls]


def _name(path: str, name: str | None) -> str:
    return path.rpartition(".")[2] if name is None else name


def _check(cls: type[Any], record: TypeRecord, names: list[str]) -> None:
    expected = attributes_of(record).python
    if names != expected:
        raise TypeError(
            f"{cls.__name__} must have the attributes {', '.join(expected)}, it has {', '.join(names)} "
            "(if another version of arora generated it, run arora generate again)"
        )


def _declared(record: TypeRecord, cls: type[Any]) -> type[Any]:
    _records[cls] = record
    return cls
