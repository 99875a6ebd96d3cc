"""Types of every shape, and a function's compiled and generic codec, for the tests of compiled codecs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from arora_core import TypeRegistry
from arora_core import values as v
from arora_core.binding.conversion import Conversions
from arora_core.binding.generated_classes import enumeration_class, structure_class
from arora_core.binding.signature import Signature
from arora_core.buffers import AroraCodec
from arora_core.compiled import CompiledCodec, compile_codec
from arora_core.header import ExportedFunction, Parameter
from arora_core.types import (
    ARRAY_CLASSES,
    SCALAR_CLASSES,
    TYPE_IDS,
    ArrayRef,
    EnumerationType,
    FieldType,
    FixedArrayRef,
    MapRef,
    OptionRef,
    ScalarRef,
    StructureType,
    TypeRef,
    VariantType,
    Version,
)

FUNCTION = UUID(int=0xF00)
UNDECLARED = UUID(int=0xABC)
UNIT = ScalarRef(TYPE_IDS["unit"])
_ONE = Version(1, 0, 0)


def scalar(name: str) -> ScalarRef:
    return ScalarRef(TYPE_IDS[name])


def array(name: str) -> ArrayRef:
    return ArrayRef(TYPE_IDS[name])


def structure(number: int, name: str, fields: Iterable[tuple[str, TypeRef]]) -> StructureType:
    numbered = enumerate(fields, number + 1)
    return StructureType(
        UUID(int=number), name, name, _ONE, tuple(FieldType(UUID(int=id), *field) for id, field in numbered)
    )


def enumeration(number: int, name: str, variants: Iterable[tuple[str, TypeRef]]) -> EnumerationType:
    numbered = enumerate(variants, number + 1)
    return EnumerationType(
        UUID(int=number), name, name, _ONE, tuple(VariantType(UUID(int=id), *variant) for id, variant in numbered)
    )


COLOUR = enumeration(0xC0, "Colour", [("red", scalar("unit")), ("green", scalar("unit"))])
POINT = structure(
    0xB0, "Point", [("x", scalar("f64")), ("class", scalar("u8")), ("on", scalar("bool")), ("of", ScalarRef(COLOUR.id))]
)
INNER = structure(0xD0, "Inner", [("text", scalar("str")), ("class", scalar("f32"))])
OUTER = structure(
    0xE0, "Outer", [("inner", ScalarRef(INNER.id)), ("items", array("i32")), ("colour", ScalarRef(COLOUR.id))]
)
SHAPE = enumeration(
    0x50,
    "Shape",
    [("none", scalar("unit")), ("at", ScalarRef(POINT.id)), ("along", array("f64")), ("maybe", OptionRef(OUTER.id))],
)
DEEP = structure(
    0x60,
    "Deep",
    [
        ("maybe", OptionRef(OUTER.id)),
        ("shapes", ArrayRef(SHAPE.id)),
        ("outers", ArrayRef(OUTER.id)),
        ("by_name", MapRef(TYPE_IDS["str"], SHAPE.id)),
        ("corners", FixedArrayRef(POINT.id, 2)),
    ],
)
EMPTY = structure(0x70, "Empty", [])
LIST = structure(0x80, "List", [("head", scalar("u8")), ("tail", OptionRef(UUID(int=0x80)))])
REGISTRY = TypeRegistry([COLOUR, POINT, INNER, OUTER, SHAPE, DEEP, EMPTY, LIST])
CONVERSIONS = Conversions(REGISTRY)
Colour: Any = enumeration_class(COLOUR)
Shape: Any = enumeration_class(SHAPE)
Point, Inner, Outer = structure_class(POINT), structure_class(INNER), structure_class(OUTER)

_SCALARS = [id for name, id in TYPE_IDS.items() if name not in ("boolean", "string", "option", "value", "keyvalue")]
_ELEMENTS = [*_SCALARS, COLOUR.id, POINT.id, INNER.id, OUTER.id, SHAPE.id, DEEP.id, EMPTY.id]
COVERED: list[TypeRef] = [
    ref
    for id in _ELEMENTS
    for ref in (
        ScalarRef(id),
        ArrayRef(id),
        FixedArrayRef(id, 0),
        FixedArrayRef(id, 3),
        OptionRef(id),
        MapRef(TYPE_IDS["str"], id),
    )
]
"""The types that compiled codecs cover."""

UNCOVERED: dict[str, TypeRef] = {
    "a dynamic value": scalar("value"),
    "an array of dynamic values": array("value"),
    "keyvalue": scalar("keyvalue"),
    "an option of anything": scalar("option"),
    "a type that contains itself": ScalarRef(LIST.id),
    "a type that no record declares": ScalarRef(UNDECLARED),
}


def parameter(index: int, type: TypeRef, mutable: bool = False, default: v.Value | None = None) -> Parameter:
    return Parameter(UUID(int=0xA00 + index), f"p{index}", type, mutable, default)


def function(parameters: Iterable[TypeRef] = (), ret: TypeRef = UNIT, mutable: bool = False) -> ExportedFunction:
    declared = tuple(parameter(index, type, mutable) for index, type in enumerate(parameters))
    return ExportedFunction(FUNCTION, "probe", declared, ret)


class Generic(AroraCodec):
    """The generic codec, under a class for which no code is compiled."""


def both(export: ExportedFunction) -> tuple[CompiledCodec, Signature]:
    return compile_codec("tests", export, REGISTRY), Signature(export, REGISTRY, Conversions(REGISTRY), Generic())


def encoder(codec: CompiledCodec) -> Callable[..., bytes]:
    assert codec.encode is not None
    return codec.encode


def decoder(codec: CompiledCodec) -> Callable[[bytes], Any]:
    assert codec.decode is not None
    return codec.decode


def sample(type: TypeRef, turn: int) -> v.Value:
    """Return a value of a covered type without empty parts; ``turn`` chooses the variants."""
    if isinstance(type, ArrayRef):
        return _samples(type.id, 2, turn)
    if isinstance(type, FixedArrayRef):
        return _samples(type.id, type.length, turn)
    if isinstance(type, OptionRef):
        return v.Option(sample(ScalarRef(type.id), turn))
    if isinstance(type, MapRef):
        entry = (UUID(int=5), sample(ScalarRef(type.value_id), turn))
        return v.KeyValue(UUID(int=0x1B), {"a": entry, "b": (UUID(int=5), None)})
    record = REGISTRY.get(type.id)
    if isinstance(record, StructureType):
        return v.Structure(type.id, [(field.id, sample(field.type, turn)) for field in record.fields])
    if record is not None:
        variant = record.variants[turn % len(record.variants)]
        return v.Enumeration(type.id, variant.id, sample(variant.type, turn))
    cls: Any = SCALAR_CLASSES[type.id]
    if issubclass(cls, (v.NumberArray, v.ItemArray)):
        return _samples(next(id for id, known in ARRAY_CLASSES.items() if known is cls), 2, turn)
    return cls() if cls is v.Unit else cls({v.Boolean: True, v.String: "é", v.Uuid: UUID(int=9)}.get(cls, 3))


def _samples(id: UUID, count: int, turn: int) -> v.Value:
    items: list[Any] = [sample(ScalarRef(id), turn + index) for index in range(count)]
    record = REGISTRY.get(id)
    if isinstance(record, StructureType):
        return v.ArrayStructure(id, [item.fields for item in items])
    if record is not None:
        return v.ArrayEnumeration(id, [(item.variant_id, item.value) for item in items])
    make: Any = ARRAY_CLASSES.get(id)
    return v.ArrayValue(items) if make is None else make([item.value for item in items])


def same(left: object, right: object) -> bool:
    """Return whether two objects have the same class and the same repr; unlike ``==``, a NaN is the same as itself."""
    return type(left) is type(right) and repr(left) == repr(right)
