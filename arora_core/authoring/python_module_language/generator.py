"""The text of the Python file that a module is written against."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Final

from ...binding.python_names import NameTable
from ...generator import Generator
from ...header import Header
from ..identifiers import python_stem
from ..interface import Interface, interface_of
from ..python_language.annotations import Annotations
from ..python_language.blocks import aliases, checked_only, mutated_types, protocol, signature_text
from ..python_language.functions import client_parameters, method, result
from ..python_language.hosts import declaration
from ..python_language.imports import imports
from ..python_language.layout import Group, docstring, lines, separated
from ..python_language.names import EXPORTS, GUEST_IMPORTS, MODULE, Host, Names, names_of
from ..python_language.records import classes, payload_classes


class PythonModuleGenerator(Generator):
    """Writes the types of a module, the protocol that its class implements, and the calls of what it imports."""

    language: ClassVar[str] = "python-module"
    comment: ClassVar[str] = "#"

    def generate(self, header: Header) -> Mapping[str, str]:
        interface = interface_of(header)
        # An empty file makes the directory a package: type checkers take the files of others for modules of their own.
        return {"__init__.py": "", f"{python_stem(header.name)}.py": _text(interface)}


GENERATOR: Final = PythonModuleGenerator()


def _text(interface: Interface) -> str:
    names = names_of(interface, guest=True)
    own, *others = names.hosts
    annotations = Annotations(names.classes, names.taken, plain_forms=False)
    blocks = [
        *classes(interface, names, annotations, stub=False),
        *checked_only(list(payload_classes(interface, names, annotations)), annotations, stub=False),
        *mutated_types(MODULE, own.functions, annotations.accepted, names, annotations),
        list(protocol(own, interface.header, names, annotations)),
        list(_exports(own, interface, names, annotations)),
    ]
    for each in others:
        blocks += mutated_types(each.protocol, each.functions, annotations.given, names, annotations)
        blocks.append(list(_imported_class(each, interface, names, annotations)))
        items = tuple(declaration(each, interface, names, annotations))
        blocks.append(list(lines(Group(f"{each.register} = {each.protocol}(", items))))
    blocks += aliases(names, annotations, stub=False)
    about = f"What the module {interface.header.name} is written against: the class {MODULE}, and its types."
    head = [*docstring(about), "", *imports(annotations.used, annotations.aliases, False, GUEST_IMPORTS)]
    return "\n".join([*head, "", "", *separated(blocks, 2)]) + "\n"


def _exports(own: Host, interface: Interface, names: Names, annotations: Annotations) -> Iterator[str]:
    annotations.used.add("Exports")
    items = (MODULE, *declaration(own, interface, names, annotations))
    return lines(Group(f"{EXPORTS} = Exports(", items))


def _imported_class(host: Host, interface: Interface, names: Names, annotations: Annotations) -> Iterator[str]:
    annotations.used |= {"Imported", "TYPE_CHECKING", "final"}
    yield "@final"
    yield f"class {host.protocol}(Imported):"
    yield from docstring(f"The functions of {host.name}, which this module imports.", 1)
    yield ""
    # At run time, the functions are attributes of the object alone.
    yield "    if TYPE_CHECKING:"
    python = NameTable(each.name for each in host.functions).python
    annotations.hidden = {*python}
    declared = {each.id: each for each in interface.header.imports if each.module == host.id}
    for name, function in zip(python, host.functions, strict=True):
        ret = result(function, annotations.given, annotations, names.mutated, host.protocol)
        signature = signature_text(declared[function.id], interface.header)
        yield ""
        yield from method(function, name, client_parameters(function, annotations), ret, signature, 2)
    annotations.hidden = ()
