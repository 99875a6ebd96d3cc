"""What each covered type is on the wire and in Python, as source for both directions."""

from __future__ import annotations

from enum import Enum
from typing import Final
from uuid import UUID

from .. import values as v
from ..numeric import NumberKind
from ..python_types import attributes_of, enumeration_class, structure_class
from ..type_references import BOOL, STR, UNIT, UUID_TYPE
from ..types import (
    ARRAY_CLASSES,
    SCALAR_CLASSES,
    ArrayRef,
    EnumerationType,
    ScalarRef,
    StructureType,
    TypeRef,
    TypeRegistry,
)
from ..values import Tag
from .decoder import BufferReader
from .encoder import BufferWriter

_DEEPEST: Final = 8
"""Structures within structures beyond this are left to the generic codec."""


class Uncovered(Exception):
    """A type that compiled code does not handle."""


class TypeCompiler:
    """Emits the source for values of one registry's types."""

    def __init__(self, registry: TypeRegistry) -> None:
        self._registry = registry

    # --- Python to bytes ---------------------------------------------------------------------------

    def write(self, writer: BufferWriter, ref: TypeRef, name: str, depth: int = 0) -> None:
        """Writes the value in the variable ``name``, tag and all. Raises Uncovered."""
        kind = _array_kind(ref)
        if kind is not None:
            writer.numbers(kind, name)
        elif isinstance(ref, ScalarRef):
            self._write_scalar(writer, ref.id, name, depth)
        else:
            raise Uncovered

    def _write_scalar(self, writer: BufferWriter, id: UUID, name: str, depth: int) -> None:
        kind = _number_kind(id)
        if kind is not None:
            _require(writer, f"type({name}) is int" + (f" or type({name}) is float" if kind.is_float else ""))
            writer.constant(bytes([Tag[kind.name.upper()]]))
            writer.fixed(kind.code, name)
        elif id == UNIT:
            _require(writer, f"{name} is None")
            writer.constant(bytes([Tag.UNIT]))
        elif id == BOOL:
            _require(writer, f"{name} is True or {name} is False")
            writer.constant(bytes([Tag.BOOLEAN]))
            writer.fixed("?", name)
        elif id == STR:
            _require(writer, f"type({name}) is str")
            writer.constant(bytes([Tag.STRING]))
            writer.string(name)
        elif id == UUID_TYPE:
            _require(writer, f"type({name}) is {writer.source.refer('UUID', UUID)}")
            writer.constant(bytes([Tag.UUID]))
            writer.fixed("16s", f"{name}.bytes")
        else:
            self._write_record(writer, id, name, depth)

    def _write_record(self, writer: BufferWriter, id: UUID, name: str, depth: int) -> None:
        record = self._record(id, depth)
        if isinstance(record, StructureType):
            _require(writer, f"type({name}) is {writer.source.refer('CLASS', structure_class(record))}")
            writer.constant(bytes([Tag.STRUCTURE]) + id.bytes + len(record.fields).to_bytes(4, "little"))
            for field, attribute in zip(record.fields, attributes_of(record), strict=True):
                part = writer.source.variable("field")
                writer.source.line(f"{part} = {name}.{attribute}")
                writer.constant(field.id.bytes)
                self.write(writer, field.type, part, depth + 1)
        else:
            ids = writer.source.refer("VARIANT_IDS", {member: member.value.bytes for member in _plain_enum(record)})
            variant = writer.source.variable("variant")
            writer.source.line(f"{variant} = {ids}[{name}]")
            writer.constant(bytes([Tag.ENUMERATION]) + id.bytes)
            writer.fixed("16s", variant)
            writer.constant(bytes([Tag.UNIT]))

    # --- bytes to Python ---------------------------------------------------------------------------

    def read(self, reader: BufferReader, ref: TypeRef, depth: int = 0) -> str:
        """Reads a value, tag and all; returns the expression that makes the Python object. Raises Uncovered."""
        kind = _array_kind(ref)
        if kind is not None:
            return reader.numbers(kind)
        if not isinstance(ref, ScalarRef):
            raise Uncovered
        return self._read_scalar(reader, ref.id, depth)

    def _read_scalar(self, reader: BufferReader, id: UUID, depth: int) -> str:
        kind = _number_kind(id)
        if kind is not None:
            reader.constant(bytes([Tag[kind.name.upper()]]))
            return reader.fixed(kind.code)
        if id == UNIT:
            reader.constant(bytes([Tag.UNIT]))
            return "None"
        if id == BOOL:
            reader.constant(bytes([Tag.BOOLEAN]))
            return reader.fixed("?")
        if id == STR:
            reader.constant(bytes([Tag.STRING]))
            return reader.string()
        if id == UUID_TYPE:
            reader.constant(bytes([Tag.UUID]))
            return f"{reader.source.refer('UUID', UUID)}(bytes={reader.fixed('16s')})"
        return self._read_record(reader, id, depth)

    def _read_record(self, reader: BufferReader, id: UUID, depth: int) -> str:
        record = self._record(id, depth)
        if isinstance(record, StructureType):
            reader.constant(bytes([Tag.STRUCTURE]) + id.bytes + len(record.fields).to_bytes(4, "little"))
            fields = []
            for field in record.fields:
                reader.constant(field.id.bytes)
                fields.append(self.read(reader, field.type, depth + 1))
            return f"{reader.source.refer('CLASS', structure_class(record))}({', '.join(fields)})"
        members = {member.value.bytes: member for member in _plain_enum(record)}
        reader.constant(bytes([Tag.ENUMERATION]) + id.bytes)
        variant = reader.fixed("16s", "variant")
        reader.constant(bytes([Tag.UNIT]))
        return f"{reader.source.refer('MEMBERS', members)}[{variant}]"

    def _record(self, id: UUID, depth: int) -> StructureType | EnumerationType:
        record = self._registry.get(id)
        if record is None or depth > _DEEPEST:
            raise Uncovered
        return record


def _require(writer: BufferWriter, condition: str) -> None:
    writer.source.line(f"if not ({condition}): raise Leave")


def _number_kind(id: UUID) -> NumberKind | None:
    cls = SCALAR_CLASSES.get(id)
    return getattr(cls, "kind", None) if cls is not None and issubclass(cls, v.Scalar) else None


def _array_kind(ref: TypeRef) -> NumberKind | None:
    if isinstance(ref, ArrayRef):
        cls = ARRAY_CLASSES.get(ref.id)
    else:
        cls = SCALAR_CLASSES.get(ref.id) if isinstance(ref, ScalarRef) else None
    return cls.kind if cls is not None and issubclass(cls, v.NumberArray) else None


def _plain_enum(record: EnumerationType) -> list[Enum]:
    """The members of an enumeration without payloads. Raises Uncovered for one with."""
    cls = enumeration_class(record)
    if not issubclass(cls, Enum):
        raise Uncovered
    return list(cls)
