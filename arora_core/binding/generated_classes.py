"""The Python classes of records: a dataclass for a structure, an enum or variants for an enumeration.

A record has one class in a process, made when it is first needed, or declared by generated source code before that
(:mod:`.declared_classes`). So objects from different engines can be compared.
"""

from __future__ import annotations

from dataclasses import dataclass, make_dataclass
from enum import Enum
from typing import Any, ClassVar, Union, cast
from uuid import UUID

from ..types import EnumerationType, ScalarRef, StructureType, TypeRecord, VariantType
from ..types.references import UNIT
from .python_names import NameTable, python_names

_NOTHING = ScalarRef(UNIT)
"""The payload type of a variant without a payload."""


def attributes_of(record: StructureType | EnumerationType) -> NameTable:
    """Return the attribute names that the record's class has for its fields or variants, in the record's order."""
    names = [member.name for member in record.members]
    return NameTable(names, _clashes_in_enumerations if isinstance(record, EnumerationType) else _clashes)


def _clashes(name: str) -> bool:
    # Every class has a method mro; a dataclass takes it for the default of its field.
    return name == "mro"


def _clashes_in_enumerations(name: str) -> bool:
    # The attributes that enumeration classes themselves have, and the names that ``enum`` reserves.
    return name in ("mro", "name", "value", "variant_id") or (
        name.startswith("_") and (name.endswith("_") or "__" in name)
    )


_classes: dict[TypeRecord, type[Any]] = {}
"""The class of each record, once it has one."""


def structure_class(record: StructureType) -> type[Any]:
    """Return the dataclass of a structure, with one attribute for each field, in the record's order."""
    known = _classes.get(record)
    if known is not None:
        return known
    made: Any = make_dataclass(_class_name(record), [(name, Any) for name in attributes_of(record).python], slots=True)
    made.__doc__ = f"The structure {record.path}."
    made.__module__ = __name__
    return keep_structure(record, made)


def keep_structure(record: StructureType, made: Any) -> type[Any]:
    """Return the class of a structure: ``made``, a dataclass of its attributes, unless it has one already."""
    attributes = attributes_of(record).python
    made.__reduce__ = lambda self: (_structure, (record, *(getattr(self, name) for name in attributes)))
    # Two threads may make it at the same time: all use the class that came first.
    return _classes.setdefault(record, made)


class Variant:
    """The base of the classes of enumerations that have variants with a payload.

    A variant without a payload is an object, ``Verdict.safe``; one with a payload is a class:
    ``Verdict.too_far(0.1).value == 0.1``.
    """

    variant_id: ClassVar[UUID]
    name: ClassVar[str]
    value: Any


@dataclass(frozen=True)
class _Payload:
    """The base of all variants with a payload: to make a dataclass of each takes twenty times as long."""

    value: Any


EnumerationClass = Union[type[Enum], type[Variant]]


def enumeration_class(record: EnumerationType) -> EnumerationClass:
    """Return the class of an enumeration.

    If no variant has a payload, it is an ``enum.Enum`` whose values are the variant ids, otherwise a subclass of
    :class:`Variant` with one attribute for each variant.
    """
    known = _classes.get(record)
    if known is not None:
        return known
    made: Any
    if has_payload(record):
        made = type(_class_name(record), (Variant,), {})
    else:
        ids = [variant.id for variant in record.variants]
        made = _enum(_class_name(record), dict(zip(attributes_of(record).python, ids, strict=True)))
    made.__doc__ = f"The enumeration {record.path}."
    made.__module__ = __name__
    return keep_enumeration(record, made)


def has_payload(record: EnumerationType) -> bool:
    """Return whether at least one variant has a payload."""
    return any(variant.type != _NOTHING for variant in record.variants)


def keep_enumeration(record: EnumerationType, made: Any) -> EnumerationClass:
    """Return the class of an enumeration: ``made`` unless it has one already.

    ``made`` is an enum of its members, or where a variant has a payload a subclass of Variant, which gets its variants.
    """
    if has_payload(record):
        for name, variant in zip(attributes_of(record).python, record.variants, strict=True):
            setattr(made, name, _variant(record, made, name, variant))
    else:
        made.__reduce_ex__ = lambda self, protocol: (_member, (record, self.name))
    return cast(EnumerationClass, _classes.setdefault(record, made))


def _class_name(record: StructureType | EnumerationType) -> str:
    return python_names([record.name])[0]


def _enum(name: str, members: dict[str, UUID]) -> Any:
    functional: Any = Enum  # Type checkers understand the call only with literals.
    return functional(name, members)


def _variant(record: EnumerationType, enumeration: type[Variant], name: str, variant: VariantType) -> object:
    namespace: dict[str, Any] = {"variant_id": variant.id, "name": variant.name, "__module__": __name__}
    namespace["__qualname__"] = f"{enumeration.__name__}.{name}"
    if variant.type == _NOTHING:
        namespace["value"] = None
        namespace["__reduce__"] = lambda self: (_member, (record, name))
        namespace["__repr__"] = lambda self: type(self).__qualname__
        return type(name, (enumeration,), namespace)()
    namespace["__reduce__"] = lambda self: (_member, (record, name, self.value))
    return type(name, (enumeration, _Payload), namespace)


# Objects are pickled with their record, from which another process makes the class.


def _structure(record: StructureType, *values: object) -> Any:
    """Return an object of the record's dataclass, unpickled or copied."""
    return structure_class(record)(*values)


def _member(record: EnumerationType, name: str, *payload: object) -> Any:
    """Return a member of the record's class, with its payload if it has one, unpickled or copied."""
    member = getattr(enumeration_class(record), name)
    return member(*payload) if payload else member
