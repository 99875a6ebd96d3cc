"""The text of a Python file made of a module's header."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Final

from ...binding.python_names import NameTable
from ...generator import Generator
from ...header import ExportedFunction, Header, ImportedFunction
from ...header.fingerprints import fingerprint
from ...runtime.loaded_module import ModuleHandle, attributes_for
from ...runtime.typed_module import TypedModule
from ...types import type_name
from ..interface import Interface, interface_of
from .annotations import Annotations
from .functions import client_parameters, host_parameters, method, mutated_type, result
from .hosts import registration
from .imports import imports
from .layout import Group, docstring, lines, literal, separated
from .names import Host, Names, file_stem, names_of
from .records import classes, payload_classes


class PythonGenerator(Generator):
    """Writes a client with types, and a protocol for each module that Python can implement."""

    language: ClassVar[str] = "python"
    comment: ClassVar[str] = "#"

    def generate(self, header: Header) -> Mapping[str, str]:
        interface = interface_of(header)
        return {f"{file_stem(interface)}.py": _text(interface, stub=False)}


class StubGenerator(Generator):
    """Writes the types of what :meth:`Engine.load` returns, for type checkers and editors alone."""

    language: ClassVar[str] = "python stubs"
    comment: ClassVar[str] = "#"

    def __init__(self, name: str | None = None) -> None:
        """``name`` is that of the file, by default the module's."""
        self._name = name

    def generate(self, header: Header) -> Mapping[str, str]:
        interface = interface_of(header)
        return {self._name or f"{file_stem(interface)}.pyi": _text(interface, stub=True)}


GENERATOR: Final = PythonGenerator()


def _text(interface: Interface, stub: bool) -> str:
    names = names_of(interface)
    annotations = Annotations(names.classes, names.taken, plain_forms=stub)
    blocks = [
        *classes(interface, names, annotations, stub),
        *_checked_only(list(payload_classes(interface, names, annotations)), annotations, stub),
        *_mutated(interface, names, annotations),
        list(_client(interface, names, annotations, stub)),
    ]
    for host in names.hosts:
        blocks.append(list(_protocol(host, interface.header, names, annotations)))
        if not stub:
            blocks.append(list(registration(host, interface, names, annotations)))
    blocks += _aliases(names, annotations, stub)
    blank = 1 if stub else 2
    body = separated(blocks, blank)
    head = [*docstring(_about(interface.header)), "", *imports(annotations.used, annotations.aliases, stub)]
    return "\n".join([*head, *[""] * blank, *body]) + "\n"


def _about(header: Header) -> str:
    about = f"The module {header.name}, with types."
    return f"{about}\n\n{header.description}" if header.description else about


def _checked_only(blocks: list[list[str]], annotations: Annotations, stub: bool) -> list[list[str]]:
    if stub or not blocks:
        return blocks
    annotations.used.add("TYPE_CHECKING")
    inner = separated(blocks, 1)
    opening = ["if TYPE_CHECKING:", ""] if inner[0][0] == "@" else ["if TYPE_CHECKING:"]
    return [[*opening, *(f"    {line}" if line else "" for line in inner)]]


def _aliases(names: Names, annotations: Annotations, stub: bool) -> list[list[str]]:
    """Return the lines that give classes of the file the names by which others refer to them."""
    checked_only = set(names.payloads.values())
    lines: dict[bool, list[str]] = {False: [], True: []}
    for name, alias in sorted(annotations.aliases.items()):
        if name in names.taken:
            lines[name in checked_only].append(f"{alias} = {name}")
    return [lines[False]] * bool(lines[False]) + _checked_only([lines[True]] * bool(lines[True]), annotations, stub)


def _mutated(interface: Interface, names: Names, annotations: Annotations) -> Iterator[list[str]]:
    by_owner = [("", interface.exports, annotations.given)]
    by_owner += [(host.protocol, host.functions, annotations.accepted) for host in names.hosts]
    for owner, functions, annotate in by_owner:
        for each in functions:
            if each.mutable:
                annotations.used.add("TypedDict")
                yield mutated_type(names.mutated[owner, each.id], each, annotate)


def _client(interface: Interface, names: Names, annotations: Annotations, stub: bool) -> Iterator[str]:
    base = "ModuleHandle" if stub else "TypedModule"
    annotations.used |= {base, "final"}
    yield "@final"
    yield f"class {names.client}({base}):"
    yield from docstring(f"The functions of {interface.header.name}.", 1)
    handle = ModuleHandle if stub else TypedModule
    python = attributes_for([each.name for each in interface.exports], handle).python
    annotations.hidden = {*python}
    if not stub:
        yield ""
        yield from _fingerprints(interface.header)
    if interface.exports and not stub:
        # At run time, the functions are attributes of the handle alone: it is slower to find one that hides a method.
        annotations.used.add("TYPE_CHECKING")
        yield ""
        yield "    if TYPE_CHECKING:"
    for name, function, declared in zip(python, interface.exports, interface.header.exports, strict=True):
        ret = result(function, annotations.given, annotations, names.mutated, "")
        signature = _signature(declared, interface.header)
        yield ""
        yield from method(function, name, client_parameters(function, annotations), ret, signature, 1 if stub else 2)
    annotations.hidden = ()


def _fingerprints(header: Header) -> Iterator[str]:
    entries = tuple(f"{literal(each.name)}: {literal(fingerprint(each, header.types))}" for each in header.exports)
    return lines(Group("_fingerprints = {", entries, "}", spread=bool(entries)), 1)


def _protocol(host: Host, header: Header, names: Names, annotations: Annotations) -> Iterator[str]:
    annotations.used.add("Protocol")
    yield f"class {host.protocol}(Protocol):"
    yield from docstring(f"The functions of {host.name}, for a class in Python to implement.", 1)
    python = NameTable(each.name for each in host.functions).python
    annotations.hidden = {*python}
    everything: list[ExportedFunction | ImportedFunction] = [*header.imports, *header.exports]
    declared = {each.id: each for each in everything}
    for name, function in zip(python, host.functions, strict=True):
        ret = result(function, annotations.accepted, annotations, names.mutated, host.protocol)
        yield ""
        yield from method(
            function, name, host_parameters(function, annotations), ret, _signature(declared[function.id], header)
        )
    annotations.hidden = ()


def _signature(function: ExportedFunction | ImportedFunction, header: Header) -> str:
    parameters = ", ".join(
        f"{'mutable ' if each.mutable else ''}{each.name}: {type_name(each.type, header.types)}"
        for each in function.parameters
    )
    return f"{function.name}({parameters}) -> {type_name(function.ret, header.types)}"
