"""The C names of a module's files, types, functions and constants.

C has one space of names for types and functions, so each begins with what it belongs to: a type with its folders, a
function with its module.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Final
from uuid import UUID

from ...types.registry import Member, TypeRecord
from ...values import kinds
from ..identifiers import Style, identifiers, screaming, snake
from ..interface import Interface, InterfaceFunction
from ..shapes import Array, Dynamic, Map, Optional, Record, Scalar, Shape

_PLAIN: Final = {
    kinds.UNIT: "arora_unit",
    kinds.BOOLEAN: "bool",
    kinds.U8: "uint8_t",
    kinds.U16: "uint16_t",
    kinds.U32: "uint32_t",
    kinds.U64: "uint64_t",
    kinds.I8: "int8_t",
    kinds.I16: "int16_t",
    kinds.I32: "int32_t",
    kinds.I64: "int64_t",
    kinds.F32: "float",
    kinds.F64: "double",
    kinds.STRING: "arora_string",
    kinds.UUID: "arora_uuid",
}

KEYWORDS: Final = frozenset(
    # C23, and what headers of the standard library and compilers define as macros in lower case.
    """
    alignas alignof asm auto bool break case char const constexpr continue default do double else enum extern false
    float for goto if inline int long nullptr register restrict return short signed sizeof static static_assert
    struct switch thread_local true typedef typeof typeof_unqual union unsigned void volatile while
    and and_eq assert bitand bitor compl complex errno fortran i386 imaginary linux not not_eq offsetof or or_eq
    stderr stdin stdout unix va_arg va_copy va_end va_start xor xor_eq
    """.split()  # noqa: SIM905
)

_OF_OTHERS: Final = re.compile(
    r"arora(_|$)|.*_t$|(aligned_alloc|at_quick_exit|quick_exit|rand_r|random_r|fd_set|fd_mask)$"
    r"|ARORA(_|$)|EXIT_(SUCCESS|FAILURE)$|.*_(MAX|MIN|WIDTH|C)$"
)
"""Names that headers of the standard library declare or may declare, and those of ``arora.h``."""

_HEADERS: Final = frozenset(
    """
    alloca assert complex ctype endian errno features fenv float inttypes iso646 limits locale math memory setjmp
    signal stdalign stdarg stdatomic stdbool stdckdint stdbit stddef stdint stdio stdlib stdnoreturn string strings
    tgmath threads time uchar unistd wchar wctype
    """.split()  # noqa: SIM905
)
"""The names of headers of the standard library, and of those that they include."""


class Names:
    """The names of everything in one module's interface."""

    def __init__(self, interface: Interface) -> None:
        file = _apart([interface.header.name], snake)[0]
        self.file: Final = f"{file}_module" if file in _HEADERS else file
        """The name of the files, without what follows."""
        self.derived: Final = list(_derived(interface))
        """The options, arrays and maps of the module's own types, each after those it is made of."""

        paths = [
            _compound(*each.path.split(".") if "." in each.path else (file, each.path)) for each in interface.records
        ]
        exports = [_compound(file, each.name) for each in interface.exports]
        modules = [interface.modules.get(each.module or each.id, "imported") for each in interface.imports]
        imports = [_compound(module, each.name) for module, each in zip(modules, interface.imports, strict=True)]
        names = _apart([*paths, *exports, *imports], snake, KEYWORDS)
        taken = set(names) | KEYWORDS
        self.calls: Final = identifiers([f"{name} call" for name in names[: len(paths)]], snake, taken)
        """The names of the functions that call what returns each record, in the order of the records."""
        taken.update(self.calls)
        records, rest = names[: len(paths)], names[len(paths) :]
        self._records = {record.id: name for record, name in zip(interface.records, records, strict=True)}
        self.exports: Final = rest[: len(exports)]
        """The names of the functions that the author defines."""
        self.imports: Final = rest[len(exports) :]
        """The names of the functions that call other modules."""
        self._derived: dict[Shape, str] = {}
        for shape in self.derived:
            # One after the other: the name of an array of options comes from that of the options.
            name = identifiers([self._composed(shape)], snake, taken)[0]
            self._derived[shape] = name
            taken.update([name, f"{name}_entry"])
        self._taken = frozenset(taken)
        self._members = {
            each.id: identifiers([member.name for member in each.members], snake, KEYWORDS)
            for each in interface.records
        }
        variants = [
            (each.id, _compound(name, member.name))
            for each, name in zip(interface.records, records, strict=True)
            for member in each.members
        ]
        constants = _apart([name for _, name in variants], screaming)
        self._constants: dict[UUID, list[str]] = {}
        for (id, _), constant in zip(variants, constants, strict=True):
            self._constants.setdefault(id, []).append(constant)

    def record(self, record: TypeRecord) -> str:
        """Return the C type of a structure or an enumeration."""
        return self._records[record.id]

    def members(self, record: TypeRecord) -> list[str]:
        """Return the names of a record's members in its C type."""
        return self._members[record.id]

    def constants(self, record: TypeRecord) -> list[str]:
        """Return the names of the constants that tell an enumeration's variants."""
        return self._constants.get(record.id, [])

    def parameters(self, function: InterfaceFunction) -> list[str]:
        """Return the names of a function's parameters."""
        reserved = self._taken | {"arena", "result"}
        return _apart([each.name for each in function.parameters], snake, reserved)

    def type(self, shape: Shape) -> str:
        """Return the C type of a shape."""
        return _PLAIN[shape.kind] if isinstance(shape, Scalar) else self.stem(shape)

    def stem(self, shape: Shape) -> str:
        """Return the name that a shape gives to what is made of it: ``arora_f64`` for ``arora_f64_array``."""
        if isinstance(shape, Scalar):
            # bool is a macro, which would be expanded in the macros of arora_values.h.
            return "arora_boolean" if shape.kind == kinds.BOOLEAN else f"arora_{shape.kind.name}"
        if isinstance(shape, Dynamic):
            return "arora_value"
        if isinstance(shape, Record):
            return self._records[shape.record.id]
        return self._derived.get(plain(shape)) or self._composed(shape)

    def _composed(self, shape: Shape) -> str:
        assert isinstance(shape, (Array, Optional, Map))
        if isinstance(shape, Array):
            return f"{self.stem(shape.item)}_array"
        return f"{self.stem(shape.value)}_{'option' if isinstance(shape, Optional) else 'map'}"


def plain(shape: Shape) -> Shape:
    """Return a shape without the lengths of fixed arrays, which have the C types of other arrays."""
    if isinstance(shape, Array):
        return Array(plain(shape.item), shape.tag, None)
    if isinstance(shape, Optional):
        return Optional(plain(shape.value))
    return Map(plain(shape.value)) if isinstance(shape, Map) else shape


def _derived(interface: Interface) -> Iterator[Shape]:
    found: set[Shape] = set()
    for shape in used_shapes(interface):
        for part in parts(plain(shape)):
            if isinstance(part, (Array, Optional, Map)) and part not in found and _is_of_record(part):
                found.add(part)
                yield part


def used_shapes(interface: Interface) -> Iterator[Shape]:
    """Yield the shapes of all members and parameters; of a boxed member, the shape of what the pointer is to."""
    for record in interface.records:
        for member, shape in zip(record.members, interface.members[record.id], strict=True):
            yield pointee(shape) if is_boxed(record, member, shape, interface) else shape
    for function in (*interface.exports, *interface.imports):
        for parameter in function.parameters:
            yield parameter.shape
        yield function.ret


def is_boxed(record: TypeRecord, member: Member, shape: Shape, interface: Interface) -> bool:
    """Return whether a member is a pointer. Arrays and maps are pointers anyway."""
    return (record.id, member.id) in interface.boxed and isinstance(pointee(shape), Record)


def pointee(shape: Shape) -> Shape:
    """Return the shape of what the pointer of a boxed member is to."""
    return shape.value if isinstance(shape, Optional) else shape


def parts(shape: Shape) -> Iterator[Shape]:
    """Yield the shapes that a shape is made of, the innermost first, and itself last. Records are not opened."""
    if isinstance(shape, Array):
        yield from parts(shape.item)
    elif isinstance(shape, (Optional, Map)):
        yield from parts(shape.value)
    yield shape


def _is_of_record(shape: Shape) -> bool:
    return isinstance(next(parts(shape)), Record)


def _compound(*names: str) -> str:
    """Return a name of several, each of which becomes at least a word: one word alone may be a function of C's."""
    return " ".join("unnamed" if identifiers([each], snake)[0] == "unnamed" else each for each in names)


def _apart(names: Iterable[str], style: Style, reserved: Collection[str] = ()) -> list[str]:
    """Return identifiers that are none of those that other headers declare."""
    free = [f"my {each}" if _OF_OTHERS.match(identifiers([each], style)[0]) else each for each in names]
    return identifiers(free, style, reserved)
