"""The C functions of a module: those that its author defines, and those that call other modules."""

from __future__ import annotations

from ..interface import Interface, InterfaceFunction, InterfaceParameter
from ..shape_names import signature
from ..shapes import UNIT, Dynamic, Optional, Record, Shape
from .names import Names
from .text import comment, packed
from .type_declarations import is_constant


def prototype(function: InterfaceFunction, name: str, interface: Interface, names: Names) -> list[str]:
    """Return the declaration of a function and a comment on it, as lines."""
    return [*comment(signature(function)), *declarator(function, name, interface, names, ";")]


def declarator(function: InterfaceFunction, name: str, interface: Interface, names: Names, tail: str) -> list[str]:
    """Return how a function is declared, up to its parameters' end and ``tail``."""
    parameters = ["arora_arena *arena"]
    for parameter, called in zip(function.parameters, names.parameters(function), strict=True):
        parameters.append(_parameter(parameter, called, interface, names))
    if function.ret != UNIT:
        parameters.append(f"{names.type(function.ret)} *result")
    return packed(f"arora_failure {name}(", parameters, f"){tail}")


def call_declarator(record: str, name: str, tail: str) -> list[str]:
    """Return how the function that calls what returns a record is declared, by the record's C type."""
    parameters = ["arora_arena *arena", "uint64_t callable", f"{record} *result"]
    return packed(f"arora_failure {name}(", parameters, f"){tail}")


def by_pointer(shape: Shape, interface: Interface) -> bool:
    """Return whether a parameter is passed by a pointer: structures, payloads, any values, and options of these."""
    if isinstance(shape, Optional):
        return by_pointer(shape.value, interface)
    if isinstance(shape, Record):
        return not is_constant(shape.record, interface)
    return isinstance(shape, Dynamic)


def _parameter(parameter: InterfaceParameter, name: str, interface: Interface, names: Names) -> str:
    type = names.type(parameter.shape)
    if parameter.mutable:
        return f"{type} *{name}"
    return f"const {type} *{name}" if by_pointer(parameter.shape, interface) else f"{type} {name}"
