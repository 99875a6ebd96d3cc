"""Methods for a module's functions, in the class of a client and in the protocol of a host module."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from uuid import UUID

from ... import values as v
from ...binding.python_names import NameTable
from ...values import Value
from ..interface import InterfaceFunction, InterfaceParameter
from ..shapes import Dynamic, Optional, Shape
from .annotations import Annotations
from .layout import Group, Part, docstring, lines, literal

Annotate = Callable[[Shape], str]


def method(
    function: InterfaceFunction, python: str, parameters: list[str], ret: Part, signature: str, indent: int = 1
) -> Iterator[str]:
    """Yield the lines of a method without code: its parameters and its result, as the other functions return them."""
    receiver = "self"
    if "self" in NameTable(each.name for each in function.parameters).python:
        receiver = "__self"  # No Python name of a parameter begins with two underscores.
    tail = Group(f") -> {ret.head}", ret.items, "]:") if isinstance(ret, Group) else f") -> {ret}:"
    yield from lines(Group(f"def {python}(", (receiver, *parameters), tail), indent)
    yield from docstring(f"``{signature}``", indent + 1)
    yield from lines("...", indent + 1)


def client_parameters(function: InterfaceFunction, annotations: Annotations) -> list[str]:
    """Return the parameters of a call: those that may be left out have a default, others after them a name."""
    found: list[str] = []
    left_out = named = False
    for name, each in zip(
        NameTable(each.name for each in function.parameters).python, function.parameters, strict=True
    ):
        default = _default(each)
        if default is None and left_out and not named:
            found.append("*")
            named = True
        left_out |= default is not None
        annotation = annotations.accepted(each.shape)
        found.append(f"{name}: {annotation}" if default is None else f"{name}: {annotation} = {default}")
    return found


def host_parameters(function: InterfaceFunction, annotations: Annotations) -> list[str]:
    """Return the parameters of a function in Python that guests call."""
    table = NameTable(each.name for each in function.parameters)
    return [
        f"{name}: {annotations.given(each.shape)}" for name, each in zip(table.python, function.parameters, strict=True)
    ]


def result(
    function: InterfaceFunction,
    annotate: Annotate,
    annotations: Annotations,
    mutated: Mapping[tuple[str, UUID], str],
    owner: str,
) -> Part:
    """Return the type of a function's result."""
    ret = annotate(function.ret)
    if not function.mutable:
        return ret
    return Group(f"{annotations.name('Result')}[", (ret, annotations.name(mutated[owner, function.id])), "]")


def mutated_type(name: str, function: InterfaceFunction, annotate: Annotate) -> list[str]:
    """Return the lines that define the type of a function's mutable parameters."""
    entries = tuple(f"{literal(each.name)}: {literal(annotate(each.shape))}" for each in function.mutable)
    return list(lines(Group(f"{name} = TypedDict(", (literal(name), Group("{", entries, "}")))))


def _default(parameter: InterfaceParameter) -> str | None:
    if parameter.default is not None:
        return _literal(parameter.default, parameter.shape) or "..."
    return "None" if isinstance(parameter.shape, Optional) else None


def _literal(value: Value, shape: Shape) -> str | None:
    """Return the Python literal of a default value, None if it has none."""
    if isinstance(shape, Dynamic):
        return None
    if isinstance(value, v.Option):
        assert isinstance(shape, Optional)
        return "None" if value.value is None else _literal(value.value, shape.value)
    if isinstance(value, v.Unit):
        return "None"
    if isinstance(value, v.String):
        return literal(value.value)
    if isinstance(value, v.Float):
        return repr(value.value).replace("e+", "e") if math.isfinite(value.value) else None
    if isinstance(value, (v.Boolean, v.Integer)):
        return repr(value.value)
    return None
