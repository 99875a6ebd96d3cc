"""Random headers, and random values of their types, for guests made by generators.

Everything is drawn from a ``random.Random``, whose seed repeats it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import UUID

from arora_core import Header, TypeRegistry
from arora_core import values as v
from arora_core.header import ExecutorRequirement, ExportedFunction, ImportedFunction, Parameter
from arora_core.types import (
    ARRAY_CLASSES,
    DYNAMIC,
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
    TypeRecord,
    TypeRef,
    VariantType,
    Version,
)
from arora_core.types.references import KEY_VALUE, NO_FIELD, OPTION, STR, UNIT

HOST_MODULE: Final = UUID(int=0xA0057)
"""The module that imports come from."""

_WELL_KNOWN: Final = [id for name, id in TYPE_IDS.items() if name not in ("boolean", "string")]
_NAMES: Final = (
    *("x", "position", "by_name", "JointAngle", "joint-angle", "joint angle", "m/s²", "µ", "", "3d", "_", "+x"),
    *("class", "int", "bool", "new", "default", "match", "fn", "self", "Self", "super", "crate", "template", "and"),
    *("None", "True", "list", "str", "type", "result", "arena", "error", "value", "argument", "arguments", "main"),
    *(
        "std",
        "arora",
        "Option",
        "Some",
        "Ok",
        "Vec",
        "String",
        "Result",
        "string",
        "vector",
        "optional",
        "NULL",
        "size",
    ),
    *("printf", "malloc", "memcpy", "abs", "unit", "u8", "f64", "uint8_t", "data", "items", "count", "present", "tag"),
)
_FOLDERS: Final = ("", "shapes", "robot.arm", "class", "std", "a-b", "a_b")
_TEXTS: Final = ("", "a", "é", "two words", "\x00", "日本語", "🤖", "line\nbreak", '"quoted"', "z" * 300)
_KEYS: Final = ("", "a", "b", "aa", "é", "日", "🤖", "z")
_DEEPEST: Final = 4


def random_header(chance: random.Random, executor: str = "wasm") -> Header:
    """Return a header whose exports answer with their first argument, or with unit where they take none.

    An export is to relay its arguments to the import at its index, if there is one, and to give back what that answers.
    """
    registry = _random_registry(chance)
    imports = tuple(
        ImportedFunction(each.id, each.name, each.parameters, each.ret, HOST_MODULE)
        for each in _random_functions(chance, registry, chance.randint(0, 2))
    )
    relays = [
        ExportedFunction(_id(chance), name, each.parameters, each.ret)
        for each, name in zip(imports, _distinct(chance, len(imports), "relay"), strict=True)
    ]
    echoes = _random_functions(chance, registry, chance.randint(1, 4))
    taken = {each.name for each in relays}
    return Header(
        id=_id(chance),
        name=chance.choice(["echo", "echo-2", "class", "日本", "std"]),
        author="Ada",
        license="MIT",
        description=chance.choice([None, "", "Echoes */ what // it\nis \\ given"]),
        version=Version(1, 0, 0),
        executor=ExecutorRequirement(executor),
        exports=(*relays, *(each for each in echoes if each.name not in taken)),
        imports=imports,
        types=registry,
    )


def random_arguments(
    chance: random.Random, function: ExportedFunction | ImportedFunction, registry: TypeRegistry
) -> list[tuple[UUID, v.Value]]:
    """Return an argument for each parameter, in order."""
    return [(each.id, random_value(chance, each.type, registry)) for each in function.parameters]


def random_value(chance: random.Random, ref: TypeRef, registry: TypeRegistry) -> v.Value:
    """Return a value of a type."""
    return _Values(chance, registry).of(ref, 0)


# --- headers -------------------------------------------------------------------------------------


def _random_registry(chance: random.Random) -> TypeRegistry:
    ids = [_id(chance) for _ in range(chance.randint(0, 5))]
    names = _distinct(chance, len(ids), "Record")
    made: list[TypeRecord] = []
    for index, (id, name) in enumerate(zip(ids, names, strict=True)):
        folder = chance.choice(_FOLDERS)
        path = f"{folder}.{name}" if folder else name
        make = _random_structure if chance.random() < 0.5 else _random_enumeration
        # A value of each exists: what comes before may be contained, all others only where there may be none.
        made.append(make(chance, id, name, path, ids[:index], ids))
    return TypeRegistry(made)


def _random_structure(
    chance: random.Random, id: UUID, name: str, path: str, before: Sequence[UUID], all_: Sequence[UUID]
) -> StructureType:
    names = _distinct(chance, chance.choice([0, 1, 2, 3, 3, 4]), "field")
    fields = tuple(FieldType(_id(chance), each, _random_type(chance, before, all_)) for each in names)
    return StructureType(id, name, path, Version(1, 0, 0), fields)


def _random_enumeration(
    chance: random.Random, id: UUID, name: str, path: str, before: Sequence[UUID], all_: Sequence[UUID]
) -> EnumerationType:
    names = _distinct(chance, chance.choice([1, 2, 3, 3, 4]), "variant")
    plain = chance.random() < 0.4
    payloads: list[TypeRef] = [
        # The first variant ends every recursion.
        ScalarRef(UNIT) if plain or index == 0 or chance.random() < 0.3 else _random_type(chance, all_, all_)
        for index in range(len(names))
    ]
    variants = tuple(VariantType(_id(chance), *each) for each in zip(names, payloads, strict=True))
    return EnumerationType(id, name, path, Version(1, 0, 0), variants)


def _random_functions(chance: random.Random, registry: TypeRegistry, count: int) -> list[ExportedFunction]:
    known = [each.id for each in registry]
    made = []
    for name in _distinct(chance, count, "function"):
        parameters = tuple(
            _random_parameter(chance, each, known, registry) for each in _distinct(chance, chance.randint(0, 4), "p")
        )
        ret: TypeRef = parameters[0].type if parameters else ScalarRef(UNIT)
        made.append(ExportedFunction(_id(chance), name, parameters, ret))
    return made


def _random_parameter(chance: random.Random, name: str, known: Sequence[UUID], registry: TypeRegistry) -> Parameter:
    type = _random_type(chance, known, known)
    default = random_value(chance, type, registry) if chance.random() < 0.2 else None
    return Parameter(_id(chance), name, type, chance.random() < 0.3, default)


def _random_type(chance: random.Random, contained: Sequence[UUID], known: Sequence[UUID]) -> TypeRef:
    """Return a type that holds one of the records ``contained``, or where there may be none one of ``known``."""
    makers: list[Callable[[], TypeRef]] = [
        lambda: ScalarRef(_type_id(chance, contained)),
        lambda: ScalarRef(_type_id(chance, contained)),
        lambda: ArrayRef(_item_id(chance, known)),
        lambda: FixedArrayRef(_item_id(chance, contained), chance.choice([0, 1, 3])),
        lambda: OptionRef(_type_id(chance, known)),
        lambda: MapRef(STR, _type_id(chance, known)),
    ]
    return chance.choice(makers)()


def _type_id(chance: random.Random, records: Sequence[UUID]) -> UUID:
    return chance.choice(records) if records and chance.random() < 0.5 else chance.choice(_WELL_KNOWN)


def _item_id(chance: random.Random, records: Sequence[UUID]) -> UUID:
    id = _type_id(chance, records)
    return STR if id == OPTION else id


def _distinct(chance: random.Random, count: int, otherwise: str) -> list[str]:
    """Return ``count`` different names: odd ones, and numbered ones."""
    names: dict[str, None] = {}
    while len(names) < count:
        odd = chance.random() < 0.5
        names[chance.choice([each for each in _NAMES if each]) if odd else f"{otherwise}{len(names)}"] = None
    return list(names)


def _id(chance: random.Random) -> UUID:
    return UUID(int=chance.getrandbits(128))


# --- values --------------------------------------------------------------------------------------


class _Values:
    """Values of the types of one registry."""

    def __init__(self, chance: random.Random, registry: TypeRegistry) -> None:
        self._chance = chance
        self._registry = registry

    def of(self, ref: TypeRef, depth: int) -> v.Value:
        if isinstance(ref, ScalarRef):
            return self._scalar(ref.id, depth)
        if isinstance(ref, OptionRef):
            return v.Option(self._scalar(ref.id, depth + 1) if self._more(depth) else None)
        if isinstance(ref, MapRef):
            return self._map(ref.value_id, depth)
        if isinstance(ref, FixedArrayRef):
            return self._array(ref.id, ref.length, depth)
        return self._array(ref.id, self._count(depth), depth)

    def _more(self, depth: int) -> bool:
        return depth < _DEEPEST and self._chance.random() < 0.7

    def _count(self, depth: int) -> int:
        return self._chance.choice([0, 1, 2, 3]) if self._more(depth) else 0

    def _scalar(self, id: UUID, depth: int) -> v.Value:
        if id in DYNAMIC:
            return self.of(ScalarRef(self._chance.choice(_WELL_KNOWN)), depth + 1) if self._more(depth) else v.U8(7)
        if id == OPTION:
            return v.Option(self._scalar(TYPE_IDS["value"], depth + 1) if self._more(depth) else None)
        record = self._registry.get(id)
        if isinstance(record, StructureType):
            return v.Structure(id, self._fields(record, depth))
        if record is not None:
            return v.Enumeration(id, *self._variant(record, depth))
        cls = SCALAR_CLASSES[id]
        if cls.kind.array_id == id:
            assert cls.kind.id is not None
            return self._array(cls.kind.id, self._count(depth), depth)
        return self._plain(cls)

    def _plain(self, cls: type[v.Value]) -> v.Value:
        chance = self._chance
        if issubclass(cls, v.Float):
            return v.float_from_raw(cls, chance.getrandbits(8 * cls.kind.size).to_bytes(cls.kind.size, "little"))
        content: tuple[object, ...] = ()
        if issubclass(cls, v.Integer):
            low, high = cls.kind.low, cls.kind.high
            content = (chance.choice([low, high, 0, chance.randint(low, high)]),)
        elif cls is v.Uuid:
            content = (_id(chance),)
        elif cls is v.String:
            content = (chance.choice(_TEXTS),)
        elif cls is v.Boolean:
            content = (chance.random() < 0.5,)
        make: Callable[..., v.Value] = cls
        return make(*content)

    def _map(self, id: UUID, depth: int) -> v.Value:
        keys = self._chance.sample(_KEYS, self._count(depth))
        items = {key: self._scalar(id, depth + 1) for key in keys}
        # A unit in a map reads back as a key without a value.
        entries = {key: (NO_FIELD, None if item == v.Unit() else item) for key, item in items.items()}
        return v.KeyValue(KEY_VALUE, entries)

    def _array(self, id: UUID, count: int, depth: int) -> v.Value:
        record = self._registry.get(id)
        if isinstance(record, StructureType):
            return v.ArrayStructure(id, [self._fields(record, depth + 1) for _ in range(count)])
        if record is not None:
            return v.ArrayEnumeration(id, [self._variant(record, depth + 1) for _ in range(count)])
        items: list[Any] = [self._scalar(id, depth + 1) for _ in range(count)]
        cls: Any = ARRAY_CLASSES.get(id)
        if cls is None or cls is v.ArrayValue:
            return v.ArrayValue(items)
        if issubclass(cls, v.NumberArray):
            size = cls.kind.size
            return v.from_raw(cls, self._chance.getrandbits(8 * size * count).to_bytes(size * count, "little"))
        made: v.Value = cls([item.value for item in items])
        return made

    def _fields(self, record: StructureType, depth: int) -> list[tuple[UUID, v.Value]]:
        return [(field.id, self.of(field.type, depth + 1)) for field in record.fields]

    def _variant(self, record: EnumerationType, depth: int) -> tuple[UUID, v.Value]:
        variant = self._chance.choice(record.variants) if self._more(depth) else record.variants[0]
        return variant.id, self.of(variant.type, depth + 1)
