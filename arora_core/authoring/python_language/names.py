"""The names that a generated Python file defines: its classes and functions, each different from all others."""

from __future__ import annotations

import builtins
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple
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

CLIENT: Final = "arora_core.client"
GUEST: Final = "arora_core.guest"
GUEST_IMPORTS: Final[Mapping[str, str]] = {
    **{name: GUEST if module == CLIENT else module for name, module in IMPORTS.items()},
    "Exports": GUEST,
    "Imported": GUEST,
}
"""The same for files that modules in Python are written against: nothing that needs an engine."""

MODULE: Final = "Module"
EXPORTS: Final = "EXPORTS"
"""What every file that a module is written against defines: the protocol of its class, and what declares it."""

_RESERVED: Final = frozenset({*dir(builtins), "annotations"})


@dataclass(frozen=True)
class Host:
    """A module that is at the other end of a file, and what the file defines for it.

    In a client that is one that Python can implement: ``protocol`` is its protocol, ``register`` the function that
    registers it. In a file that a module is written against, it is the module itself (:data:`MODULE` and
    :data:`EXPORTS`), or one that it imports from: the class with its functions, and the object of that class.
    """

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


def names_of(interface: Interface, *, guest: bool = False) -> Names:
    """Return the names for a client of this interface, or with ``guest`` for what the module is written against."""
    wanted: list[str] = []

    def want(name: str) -> int:
        wanted.append(name)
        return len(wanted) - 1

    def want_hosts(hosts: Iterable[_Wanted]) -> list[tuple[_Wanted, int, int]]:
        return [(each, want(each.protocol), want(each.register)) for each in hosts]

    # Of things with the same name the first one gets it: in every module, its own class and declaration.
    hosts = want_hosts(_guests(interface)) if guest else []
    named = Counter(record.name for record in interface.records)
    classes = {record.id: want(record.name if named[record.name] == 1 else record.path) for record in interface.records}
    client = None if guest else want(_camel(interface.header.name))
    hosts = hosts or want_hosts(_hosts(interface))
    payloads = {
        (record.id, index): want(f"_{record.name}_{attributes_of(record).python[index]}")
        for record in interface.records
        if isinstance(record, EnumerationType) and has_payload(record)
        for index in range(len(record.variants))
    }
    mutated = {}
    owners = [("", interface.exports)] * (not guest)
    owners += [(wanted[protocol], host.functions) for host, protocol, _ in hosts]
    for owner, functions in owners:
        for each in functions:
            if each.mutable:
                prefix = "" if owner == MODULE and guest else owner
                mutated[owner, each.id] = want(f"{prefix}{_camel(each.name)}Mutated")
    reserved = {*_RESERVED, *(GUEST_IMPORTS if guest else IMPORTS)}
    made = python_names(wanted, reserved.__contains__)
    return Names(
        client="" if client is None else made[client],
        classes={id: made[index] for id, index in classes.items()},
        payloads={key: made[index] for key, index in payloads.items()},
        mutated={(_made(owner, wanted, made), id): made[index] for (owner, id), index in mutated.items()},
        hosts=tuple(
            Host(host.id, host.name, host.functions, made[protocol], made[register])
            for host, protocol, register in hosts
        ),
        taken=frozenset(made),
    )


class _Wanted(NamedTuple):
    """A host whose names may still change."""

    id: UUID
    name: str
    functions: tuple[InterfaceFunction, ...]
    protocol: str
    register: str


def _hosts(interface: Interface) -> Iterator[_Wanted]:
    """Yield the modules that Python can implement: the one of a host's header, and those that it imports from."""
    header = interface.header
    if header.executor.name == HOST:
        implementation = f"{_camel(header.name)}Implementation"
        yield _Wanted(header.id, header.name, interface.exports, implementation, f"register_{_snake(header.name)}")
    for id, name, functions in _imported(interface):
        yield _Wanted(id, name, functions, _camel(name), f"register_{_snake(name)}")


def _guests(interface: Interface) -> Iterator[_Wanted]:
    """Yield the module itself, and those that it imports from."""
    header = interface.header
    yield _Wanted(header.id, header.name, interface.exports, MODULE, EXPORTS)
    for id, name, functions in _imported(interface):
        yield _Wanted(id, name, functions, _camel(name), _snake(name))


def _imported(interface: Interface) -> Iterator[tuple[UUID, str, tuple[InterfaceFunction, ...]]]:
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
