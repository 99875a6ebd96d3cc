"""The declaration of a module's functions, and the function that registers an object as a host module."""

from __future__ import annotations

from collections.abc import Iterator

from ...header import ExportedFunction, ImportedFunction, Parameter
from ...header.used_types import used_types
from ...text import to_data
from ...types.type_text import type_text
from ..interface import Interface
from .annotations import Annotations
from .layout import Group, Part, data, docstring, lines, literal
from .names import Host, Names


def registration(host: Host, interface: Interface, names: Names, annotations: Annotations) -> Iterator[str]:
    """Yield the lines of a host's ``register`` function, which hold the ids of its functions."""
    annotations.used |= {"Engine", "LoadedModule", "register"}
    parameters = ("engine: Engine", f"implementation: {host.protocol}")
    yield from lines(Group(f"def {host.register}(", parameters, ") -> LoadedModule:"))
    yield from docstring(f"Let an object answer the calls of {host.name} in this engine.", 1)
    items = ("engine", "implementation", *declaration(host, interface, names, annotations))
    yield from lines(Group("return register(", items), 1)


def declaration(host: Host, interface: Interface, names: Names, annotations: Annotations) -> list[Part]:
    """Return the arguments that declare a module: its id and name, its functions, and the classes of their types."""
    header = interface.header
    ids = {each.id for each in host.functions}
    source = header.exports if host.id == header.id else [each for each in header.imports if each.module == host.id]
    functions = [each for each in source if each.id in ids]
    items: list[Part] = [literal(str(host.id)), literal(host.name)]
    items += [_function(each, annotations) for each in functions]
    records = tuple(names.classes[each.id] for each in used_types(functions, header.types))
    if records:
        items.append(Group("records=(", records if len(records) > 1 else (f"{records[0]},",), ")"))
    return items


def _function(function: ExportedFunction | ImportedFunction, annotations: Annotations) -> Group:
    annotations.used.add("function")
    parameters = [_parameter(each, annotations) for each in function.parameters]
    ids = (literal(str(function.id)), literal(function.name))
    return Group("function(", (*ids, *parameters, f"ret={literal(type_text(function.ret))}"))


def _parameter(parameter: Parameter, annotations: Annotations) -> Group:
    annotations.used.add("parameter")
    items: list[Part] = [literal(str(parameter.id)), literal(parameter.name), literal(type_text(parameter.type))]
    if parameter.mutable:
        items.append("mutable=True")
    if parameter.default_value is not None:
        items.append(data("default=", to_data(parameter.default_value)))
    return Group("parameter(", tuple(items))
