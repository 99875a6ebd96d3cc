"""The text of a Python file made of a module's header."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Final

from ...generator import Generator
from ...header import Header
from ...header.fingerprints import fingerprint
from ...runtime.loaded_module import ModuleHandle, attributes_for
from ...runtime.typed_module import TypedModule
from ..identifiers import python_stem
from ..interface import Interface, interface_of
from .annotations import Annotations
from .blocks import aliases, checked_only, mutated_types, protocol, signature_text
from .functions import client_parameters, method, result
from .hosts import registration
from .imports import imports
from .layout import Group, docstring, lines, literal, separated
from .names import Names, names_of
from .records import classes, payload_classes


class PythonGenerator(Generator):
    """Writes a client with types, and a protocol for each module that Python can implement."""

    language: ClassVar[str] = "python"
    comment: ClassVar[str] = "#"

    def generate(self, header: Header) -> Mapping[str, str]:
        interface = interface_of(header)
        return {f"{python_stem(header.name)}.py": _text(interface, stub=False)}


class StubGenerator(Generator):
    """Writes the types of what :meth:`Engine.load` returns, for type checkers and editors alone."""

    language: ClassVar[str] = "python stubs"
    comment: ClassVar[str] = "#"

    def __init__(self, name: str | None = None) -> None:
        """``name`` is that of the file, by default the module's."""
        self._name = name

    def generate(self, header: Header) -> Mapping[str, str]:
        interface = interface_of(header)
        return {self._name or f"{python_stem(header.name)}.pyi": _text(interface, stub=True)}


GENERATOR: Final = PythonGenerator()


def _text(interface: Interface, stub: bool) -> str:
    names = names_of(interface)
    annotations = Annotations(names.classes, names.taken, plain_forms=stub)
    blocks = [
        *classes(interface, names, annotations, stub),
        *checked_only(list(payload_classes(interface, names, annotations)), annotations, stub),
        *_mutated(interface, names, annotations),
        list(_client(interface, names, annotations, stub)),
    ]
    for host in names.hosts:
        blocks.append(list(protocol(host, interface.header, names, annotations)))
        if not stub:
            blocks.append(list(registration(host, interface, names, annotations)))
    blocks += aliases(names, annotations, stub)
    blank = 1 if stub else 2
    body = separated(blocks, blank)
    head = [*docstring(_about(interface.header)), "", *imports(annotations.used, annotations.aliases, stub)]
    return "\n".join([*head, *[""] * blank, *body]) + "\n"


def _about(header: Header) -> str:
    about = f"The module {header.name}, with types."
    return f"{about}\n\n{header.description}" if header.description else about


def _mutated(interface: Interface, names: Names, annotations: Annotations) -> Iterator[list[str]]:
    yield from mutated_types("", interface.exports, annotations.given, names, annotations)
    for host in names.hosts:
        yield from mutated_types(host.protocol, host.functions, annotations.accepted, names, annotations)


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
        signature = signature_text(declared, interface.header)
        yield ""
        yield from method(function, name, client_parameters(function, annotations), ret, signature, 1 if stub else 2)
    annotations.hidden = ()


def _fingerprints(header: Header) -> Iterator[str]:
    entries = tuple(f"{literal(each.name)}: {literal(fingerprint(each, header.types))}" for each in header.exports)
    return lines(Group("_fingerprints = {", entries, "}", spread=bool(entries)), 1)
