"""The names that a generated Python file defines: its classes and functions, each different from all others."""

from __future__ import annotations

import builtins
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from ...binding.generated_classes import attributes_of, has_payload
from ...binding.python_names import python_names
from ...runtime.host_module import HOST
from ...types import EnumerationType
from ..identifiers import camel, identifiers, snake
from ..interface import Interface, InterfaceFunction

IMPORTS: Final[Mapping[str, str]] = {
    "array": "array",
    "Mapping": "collections.abc",
    "Sequence": "collections.abc",
    "dataclass": "dataclasses",
    "Enum": "enum",
    "TYPE_CHECKING": "typing",
    "Any": "typing",
    "ClassVar": "typing",
    "Protocol": "typing",
    "TypedDict": "typing",
    "final": "typing",
    "UUID": "uuid",
    "Engine": "arora_core",
    "LoadedModule": "arora_core",
    "Result": "arora_core",
    "Floats": "arora_core.client",
    "Integers": "arora_core.client",
    "ModuleHandle": "arora_core.client",
    "TypedModule": "arora_core.client",
    "Variant": "arora_core.client",
    "enumeration": "arora_core.client",
    "function": "arora_core.client",
    "parameter": "arora_core.client",
    "register": "arora_core.client",
    "structure": "arora_core.client",
    "Value": "arora_core.values",
}
"""The names that files import when they use them, and from where."""

_RESERVED: Final = frozenset({*dir(builtins), *IMPORTS, "annotations"})


@dataclass(frozen=True)
class Host:
    """A module that Python can implement: its protocol, the function that registers it, and the module's functions."""

    id: UUID
    name: str
    functions: tuple[InterfaceFunction, ...]
    protocol: str
    register: str


@dataclass(frozen=True)
class Names:
    """The names that a file defines."""

    client: str
    classes: Mapping[UUID, str]
    """Of records, by id."""
    payloads: Mapping[tuple[UUID, int], str]
    """Of the classes of variants with a payload, by the record's id and the variant's index."""
    mutated: Mapping[tuple[str, UUID], str]
    """Of the mutable parameters of functions, by the class that has the function, and the function's id."""
    hosts: tuple[Host, ...]
    taken: frozenset[str]


def file_stem(interface: Interface) -> str:
    """Return the name of the file without its suffix, so that it can be imported and hides no module of Python's."""
    return python_names([_snake(interface.header.name)], sys.stdlib_module_names.__contains__)[0]


def names_of(interface: Interface) -> Names:
    """Return the names for a file about this interface."""
    wanted: list[str] = []

    def want(name: str) -> int:
        wanted.append(name)
        return len(wanted) - 1

    named = Counter(record.name for record in interface.records)
    classes = {record.id: want(record.name if named[record.name] == 1 else record.path) for record in interface.records}
    client = want(_camel(interface.header.name))
    hosts = [
        (id, name, functions, want(_camel(name) if id != interface.header.id else f"{_camel(name)}Implementation"))
        for id, name, functions in _hosts(interface)
    ]
    registers = [want(f"register_{_snake(name)}") for _, name, _, _ in hosts]
    payloads = {
        (record.id, index): want(f"_{record.name}_{attributes_of(record).python[index]}")
        for record in interface.records
        if isinstance(record, EnumerationType) and has_payload(record)
        for index in range(len(record.variants))
    }
    mutated = {("", each.id): want(f"{_camel(each.name)}Mutated") for each in interface.exports if each.mutable}
    for _, _, functions, protocol in hosts:
        for each in functions:
            if each.mutable:
                mutated[wanted[protocol], each.id] = want(f"{wanted[protocol]}{_camel(each.name)}Mutated")
    made = python_names(wanted, _RESERVED.__contains__)
    return Names(
        client=made[client],
        classes={id: made[index] for id, index in classes.items()},
        payloads={key: made[index] for key, index in payloads.items()},
        mutated={(_made(owner, wanted, made), id): made[index] for (owner, id), index in mutated.items()},
        hosts=tuple(
            Host(id, name, functions, made[protocol], made[register])
            for (id, name, functions, protocol), register in zip(hosts, registers, strict=True)
        ),
        taken=frozenset(made),
    )


def _hosts(interface: Interface) -> Iterable[tuple[UUID, str, tuple[InterfaceFunction, ...]]]:
    """Yield the modules that Python can implement: the one of a host's header, and those that it imports from."""
    header = interface.header
    if header.executor.name == HOST:
        yield header.id, header.name, interface.exports
    by_module: dict[UUID, list[InterfaceFunction]] = {}
    for each in interface.imports:
        assert each.module is not None
        by_module.setdefault(each.module, []).append(each)
    for id, functions in by_module.items():
        yield id, interface.modules.get(id, f"module-{str(id)[:8]}"), tuple(functions)


def _camel(name: str) -> str:
    return identifiers([name], camel)[0]


def _snake(name: str) -> str:
    return identifiers([name], snake)[0]


def _made(owner: str, wanted: list[str], made: list[str]) -> str:
    return made[wanted.index(owner)] if owner else ""
