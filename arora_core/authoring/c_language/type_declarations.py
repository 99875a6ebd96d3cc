"""The C types of a module's records, and of the options, arrays and maps of these."""

from __future__ import annotations

from collections.abc import Iterator

from ...types import EnumerationType
from ...types.registry import TypeRecord
from ..interface import Interface
from ..shape_names import shape_name
from ..shapes import UNIT, Array, Map, Optional, Record, Shape
from .names import Names, is_boxed, parts, plain, pointee
from .text import comment, printable


def is_constant(record: TypeRecord, interface: Interface) -> bool:
    """Return whether an enumeration's C type is an ``enum``: no variant has a payload."""
    return isinstance(record, EnumerationType) and all(each == UNIT for each in interface.members[record.id])


def type_declarations(interface: Interface, names: Names) -> Iterator[list[str]]:
    """Yield the declarations of all types, as lines, each after those that it needs."""
    constants = [each for each in interface.records if is_constant(each, interface)]
    others = [each for each in interface.records if each not in constants]
    for record in constants:
        yield _constant(record, names)
    # Arrays and pointers need no more of a type than that it is a structure.
    yield [f"typedef struct {names.record(each)} {names.record(each)};" for each in others]
    derived = _Derived(interface, names)
    for record in others:
        for member, shape in zip(record.members, interface.members[record.id], strict=True):
            if not is_boxed(record, member, shape, interface):
                yield from derived.before(shape)
        yield _record(record, interface, names)
        derived.complete(record)
    for shape in names.derived:
        yield from derived.before(shape)
    for shape in names.derived:
        if isinstance(shape, Map):
            yield _entry(shape, names)


class _Derived:
    """The options, arrays and maps that have been declared."""

    def __init__(self, interface: Interface, names: Names) -> None:
        self._names = names
        self._unwritten = dict.fromkeys(names.derived)
        self._complete = {each.id for each in interface.records if is_constant(each, interface)}

    def complete(self, record: TypeRecord) -> None:
        """Note that a record has been declared."""
        self._complete.add(record.id)

    def before(self, shape: Shape) -> Iterator[list[str]]:
        """Yield what has to be declared before a member of this shape, as far as it can be."""
        for part in parts(plain(shape)):
            if part in self._unwritten and self._possible(part):
                del self._unwritten[part]
                yield _derived(part, self._names)

    def _possible(self, shape: Shape) -> bool:
        """Return whether what an option contains is complete. A boxed option is none in C."""
        held = shape.value if isinstance(shape, Optional) else None
        return not isinstance(held, Record) or held.record.id in self._complete


def _derived(shape: Shape, names: Names) -> list[str]:
    name = names.type(shape)
    if isinstance(shape, Array):
        body = [f"    const {names.type(shape.item)} *items;", "    uint32_t count;"]
    elif isinstance(shape, Map):
        body = [f"    const struct {name}_entry *entries;", "    uint32_t count;"]
    else:
        assert isinstance(shape, Optional)
        body = ["    bool present;", f"    {names.type(shape.value)} value; /* if present */"]
    return [*comment(printable(shape_name(shape))), f"typedef struct {name} {{", *body, f"}} {name};"]


def _entry(shape: Map, names: Names) -> list[str]:
    name = f"{names.type(shape)}_entry"
    return [
        *comment(f"An entry of {printable(shape_name(shape))}"),
        f"typedef struct {name} {{",
        "    arora_string key;",
        "    bool empty; /* true if the key has no value */",
        f"    {names.type(shape.value)} value;",
        f"}} {name};",
    ]


def _constant(record: TypeRecord, names: Names) -> list[str]:
    name = names.record(record)
    lines = []
    for member, constant in zip(record.members, names.constants(record), strict=True):
        lines += [*_differs(member.name, constant, f"{name}_"), f"    {constant},"]
    # C has no enumeration without constants.
    lines = lines or [f"    {name.upper()}_HAS_NO_VALUES_,"]
    return [*comment(printable(record.path)), f"typedef enum {name} {{", *lines, f"}} {name};"]


def _differs(name: str, identifier: str, prefix: str = "", note: str = "") -> list[str]:
    """Return the comment on a member whose name in C is not that of the header, or of which there is a note."""
    same = identifier.lower().removeprefix(prefix) == name
    said = ": ".join(each for each in ("" if same else printable(name), note) if each)
    return comment(said, "    ") if said else []


def _record(record: TypeRecord, interface: Interface, names: Names) -> list[str]:
    name = names.record(record)
    body = _variants if isinstance(record, EnumerationType) else _fields
    return [*comment(printable(record.path)), f"struct {name} {{", *body(record, interface, names), "};"]


def _fields(record: TypeRecord, interface: Interface, names: Names) -> list[str]:
    lines: list[str] = []
    for member, shape, name in zip(record.members, interface.members[record.id], names.members(record), strict=True):
        boxed = is_boxed(record, member, shape, interface)
        lines += [
            *_differs(member.name, name, note=_note(shape, boxed)),
            f"    {_declared(shape, name, boxed, names)};",
        ]
    return lines or ["    uint8_t unused; /* C has no structure without members */"]


def _variants(record: TypeRecord, interface: Interface, names: Names) -> list[str]:
    tags: list[str] = []
    payloads: list[str] = []
    members = zip(
        record.members, interface.members[record.id], names.members(record), names.constants(record), strict=True
    )
    for member, shape, name, constant in members:
        tags += [
            *(f"    {line}" for line in _differs(member.name, constant, f"{names.record(record)}_")),
            f"        {constant},",
        ]
        if shape != UNIT:
            boxed = is_boxed(record, member, shape, interface)
            payloads += [
                *(f"    {line}" for line in _differs("", "", note=_note(shape, boxed))),
                f"        {_declared(shape, name, boxed, names)};",
            ]
    return ["    enum {", *tags, "    } variant;", "    union {", *payloads, "    } as;"]


def _declared(shape: Shape, name: str, boxed: bool, names: Names) -> str:
    if not boxed:
        return f"{names.type(shape)} {name}"
    return f"const struct {names.type(pointee(shape))} *{name}"


def _note(shape: Shape, boxed: bool) -> str:
    if isinstance(shape, Array) and shape.length is not None:
        return "1 item" if shape.length == 1 else f"{shape.length} items"
    return "NULL for none" if boxed and isinstance(shape, Optional) else ""
