"""The C++ names of a module's namespaces, types and functions.

A folder of records is a namespace, and so is a module, with its functions and the records without a folder. All of them
are in one namespace of their own, whose names can be used as if they were in the global one: there, a namespace called
``time`` would clash with a function of C.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from ...types.registry import Member, TypeRecord
from ...values import kinds
from ..identifiers import camel, identifiers, snake
from ..interface import Interface, InterfaceFunction
from ..shapes import Array, Dynamic, Map, Optional, Record, Scalar, Shape

_PLAIN: Final = {
    kinds.UNIT: "arora::Unit",
    kinds.BOOLEAN: "bool",
    kinds.U8: "std::uint8_t",
    kinds.U16: "std::uint16_t",
    kinds.U32: "std::uint32_t",
    kinds.U64: "std::uint64_t",
    kinds.I8: "std::int8_t",
    kinds.I16: "std::int16_t",
    kinds.I32: "std::int32_t",
    kinds.I64: "std::int64_t",
    kinds.F32: "float",
    kinds.F64: "double",
    kinds.STRING: "std::string",
    kinds.UUID: "arora::Uuid",
}

_KEYWORDS: Final = frozenset(
    # C++23, and what headers of the standard library and compilers define as macros in lower case.
    """
    alignas alignof and and_eq asm atomic_cancel atomic_commit atomic_noexcept auto bitand bitor bool break case catch
    char char8_t char16_t char32_t class compl concept const consteval constexpr constinit const_cast continue co_await
    co_return co_yield decltype default delete do double dynamic_cast else enum explicit export extern false float for
    friend goto if inline int long mutable namespace new noexcept not not_eq nullptr operator or or_eq private protected
    public reflexpr register reinterpret_cast requires return short signed sizeof static static_assert static_cast
    struct switch synchronized template this thread_local throw true try typedef typeid typename union unsigned using
    virtual void volatile wchar_t while xor xor_eq
    assert errno i386 linux offsetof stderr stdin stdout unix va_arg va_copy va_end va_start
    """.split()  # noqa: SIM905
)

_OF_OTHERS: Final = frozenset({"std", "arora", "arora_generated", "glue"})
"""Namespaces whose names must not be hidden."""

_HEADERS: Final = frozenset({"arora", "arora_glue"})

Path = tuple[str, ...]


class Names:
    """The names of everything in one module's interface."""

    def __init__(self, interface: Interface) -> None:
        module = interface.header.name
        file = identifiers([module], snake)[0]
        self.file: Final = f"{file}_module" if file in _HEADERS else file
        """The name of the files, without what follows."""
        self._module: Path = (module,)
        self._of_imports = [(interface.modules.get(each.module or each.id, "imported"),) for each in interface.imports]
        functions: dict[Path, list[str]] = {}
        for each in interface.exports:
            functions.setdefault(self._module, []).append(each.name)
        for path, each in zip(self._of_imports, interface.imports, strict=True):
            functions.setdefault(path, []).append(each.name)
        folders = {each.id: self._folder(each) for each in interface.records}
        self._namespaces: dict[Path, Path] = {(): ()}
        made = self._name([*folders.values(), *functions], functions)
        self.exports: Final = [made[self._module].pop(0) for _ in interface.exports]
        """The names of the functions that the author defines."""
        self.imports: Final = [made[path].pop(0) for path in self._of_imports]
        """The names of the functions that call other modules."""
        self._types: dict[UUID, str] = {}
        for folder in dict.fromkeys(folders.values()):
            inside = [each for each in interface.records if folders[each.id] == folder]
            for record, name in zip(inside, identifiers([each.name for each in inside], camel), strict=True):
                self._types[record.id] = name
        self._folders = folders
        self._boxed = interface.boxed

    def _folder(self, record: TypeRecord) -> Path:
        return tuple(record.path.split(".")[:-1]) or self._module

    def _name(self, paths: Iterable[Path], functions: dict[Path, list[str]]) -> dict[Path, list[str]]:
        """Name the namespaces at these paths and around them; return the names of the functions in each."""
        children: dict[Path, dict[str, None]] = {}
        for path in paths:
            for length in range(len(path)):
                children.setdefault(path[:length], {})[path[length]] = None
            children.setdefault(path, {})
        made: dict[Path, list[str]] = {}
        outermost = frozenset[str]()
        for path in sorted(children, key=len):
            inside = list(children[path])
            # A namespace inside another one must not hide an outermost one.
            names = identifiers(inside, snake, _KEYWORDS | _OF_OTHERS | outermost)
            for name, identifier in zip(inside, names, strict=True):
                self._namespaces[path + (name,)] = (*self._namespaces[path], identifier)  # noqa: RUF005
            if not path:
                outermost = frozenset(names)
            made[path] = identifiers(functions.get(path, []), snake, _KEYWORDS | set(names))
        return made

    def namespace(self, record: TypeRecord) -> str:
        """Return the namespace of a type."""
        return "::".join(self._namespaces[self._folders[record.id]])

    def export_namespace(self) -> str:
        """Return the namespace of the functions that the author defines."""
        return "::".join(self._namespaces[self._module])

    def import_namespace(self, index: int) -> str:
        """Return the namespace of an imported function."""
        return "::".join(self._namespaces[self._of_imports[index]])

    def unqualified(self, record: TypeRecord) -> str:
        """Return the name of a type in its namespace."""
        return self._types[record.id]

    def record(self, record: TypeRecord) -> str:
        """Return the name of a type."""
        return f"{self.namespace(record)}::{self._types[record.id]}"

    def fields(self, record: TypeRecord) -> list[str]:
        """Return the names of a structure's fields."""
        return identifiers([each.name for each in record.members], snake, _KEYWORDS)

    def variants(self, record: TypeRecord) -> list[str]:
        """Return the names of an enumeration's variants."""
        return identifiers([each.name for each in record.members], camel, {self._types[record.id]})

    def parameters(self, function: InterfaceFunction) -> list[str]:
        """Return the names of a function's parameters."""
        return identifiers([each.name for each in function.parameters], snake, _KEYWORDS | {"result"})

    def member(self, record: TypeRecord, member: Member, shape: Shape) -> str:
        """Return the type of a field or of a payload."""
        held = shape.value if isinstance(shape, Optional) else shape
        if (record.id, member.id) not in self._boxed or not isinstance(held, Record):
            return self.type(shape)
        box = f"arora::Box<{self.type(held)}>"
        return f"std::optional<{box}>" if isinstance(shape, Optional) else box

    def type(self, shape: Shape) -> str:
        """Return the C++ type of a shape."""
        if isinstance(shape, Scalar):
            return _PLAIN[shape.kind]
        if isinstance(shape, Record):
            return self.record(shape.record)
        if isinstance(shape, Dynamic):
            return "arora::Value"
        if isinstance(shape, Optional):
            return f"std::optional<{self.type(shape.value)}>"
        if isinstance(shape, Map):
            return f"arora::Map<{self.type(shape.value)}>"
        return _array(self.type(shape.item), shape)


def _array(item: str, shape: Array) -> str:
    return f"std::vector<{item}>" if shape.length is None else f"arora::FixedArray<{item}, {shape.length}>"
