"""The table of value kinds: every tag, id and name that the ABI assigns to them (sections 1, 2, 8 and 9).

All other tables of the package derive from this one. ``docs/architecture.md`` lists the files that a new number type
touches.
"""

from __future__ import annotations

import struct
import uuid
from enum import IntEnum
from typing import Final, NamedTuple


class Tag(IntEnum):
    """The tag byte in front of every value on the wire (ABI §1)."""

    UNIT = 0
    BOOLEAN = 1
    U8 = 2
    U16 = 3
    U32 = 4
    U64 = 5
    I8 = 6
    I16 = 7
    I32 = 8
    I64 = 9
    F32 = 10
    F64 = 11
    STRING = 12
    STRUCTURE = 13
    ENUMERATION = 14
    ARRAY = 15
    KEY_VALUE = 16
    OPTION = 17
    UUID = 18
    VALUE = 19
    ERROR = 20


class Kind(NamedTuple):
    """One kind of value."""

    tag: Tag
    name: str
    """The tag in text (ABI §9), and the name in headers where ``id`` is set."""
    id: uuid.UUID | None = None
    """The well-known type id (ABI §2), if any."""
    array_id: uuid.UUID | None = None
    """The well-known type id of arrays of this kind, if any."""
    record_name: str | None = None
    """The name in type records (ABI §8), which headers accept too."""
    python: type[object] = object
    """The class of the plain Python objects of this kind."""
    code: str = ""
    """The ``struct`` format character of kinds of fixed size; for numbers also that of ``array`` and ``memoryview``."""
    size: int = 0
    """Bytes of a value on the wire, for kinds of fixed size; otherwise 0."""
    low: int = 0
    """The smallest integer."""
    high: int = 0
    """The largest integer."""

    def __str__(self) -> str:
        return self.name

    @property
    def array_tag(self) -> str:
        """The tag in text of an array of this kind."""
        return f"{self.name}s"

    @property
    def array_name(self) -> str:
        """The name in headers of an array of this kind."""
        return f"{self.name}[]"

    @property
    def array_record_name(self) -> str | None:
        """The name in type records of an array of this kind."""
        if self.record_name is None or self.array_id is None:
            return None
        return f"array{self.record_name.capitalize()}"

    @property
    def is_float(self) -> bool:
        """Whether values are floating-point numbers."""
        return self.python is float


def _id(number: int) -> uuid.UUID:
    return uuid.UUID(int=number)


def _integer(tag: Tag, id: int, array_id: int, code: str) -> Kind:
    name, size = tag.name.lower(), struct.calcsize("<" + code)
    bits = 8 * size
    low, high = (0, (1 << bits) - 1) if code.isupper() else (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)
    return Kind(tag, name, _id(id), _id(array_id), name, int, code, size, low, high)


def _float(tag: Tag, id: int, array_id: int, code: str) -> Kind:
    name = tag.name.lower()
    return Kind(tag, name, _id(id), _id(array_id), name, float, code, struct.calcsize("<" + code))


UNIT: Final = Kind(Tag.UNIT, "unit", _id(0x00), record_name="unit", python=type(None))
BOOLEAN: Final = Kind(Tag.BOOLEAN, "bool", _id(0x01), _id(0x0E), "boolean", bool, "?", 1)
U8: Final = _integer(Tag.U8, 0x06, 0x0F, "B")
U16: Final = _integer(Tag.U16, 0x07, 0x10, "H")
U32: Final = _integer(Tag.U32, 0x08, 0x11, "I")
U64: Final = _integer(Tag.U64, 0x09, 0x12, "Q")
I8: Final = _integer(Tag.I8, 0x02, 0x13, "b")
I16: Final = _integer(Tag.I16, 0x03, 0x14, "h")
I32: Final = _integer(Tag.I32, 0x04, 0x15, "i")
I64: Final = _integer(Tag.I64, 0x05, 0x16, "q")
F32: Final = _float(Tag.F32, 0x0A, 0x17, "f")
F64: Final = _float(Tag.F64, 0x0B, 0x18, "d")
STRING: Final = Kind(Tag.STRING, "str", _id(0x0C), _id(0x19), "string", str)
OPTION: Final = Kind(Tag.OPTION, "option", _id(0x0D))
VALUE: Final = Kind(Tag.VALUE, "value", _id(0x1A))
KEY_VALUE: Final = Kind(Tag.KEY_VALUE, "keyvalue", _id(0x1B))
UUID: Final = Kind(Tag.UUID, "uuid", _id(0x1C), python=uuid.UUID, code="16s", size=16)
STRUCTURE: Final = Kind(Tag.STRUCTURE, "struct")
ENUMERATION: Final = Kind(Tag.ENUMERATION, "enum")

KINDS: Final = (
    UNIT, BOOLEAN, U8, U16, U32, U64, I8, I16, I32, I64, F32, F64, STRING, OPTION, VALUE, KEY_VALUE, UUID, STRUCTURE,
    ENUMERATION,
)  # fmt: skip
"""All kinds. Arrays and errors are not among them: an array has the kind of its items, an error is not a value."""

NUMBERS: Final = tuple(kind for kind in KINDS if kind.python in (int, float))
