"""The header that a module's author includes: its types, and the prototypes of its functions."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter

from ...types import EnumerationType
from ...types.registry import TypeRecord
from ...values import kinds
from ..c_language import openings
from ..c_language.text import WIDTH, joined, packed, printable
from ..interface import Interface, InterfaceFunction, InterfaceParameter
from ..shape_names import signature
from ..shapes import UNIT, Scalar, Shape
from ..shapes import Record as RecordShape
from .names import Names


def header_file(interface: Interface, names: Names) -> str:
    """Return the text of the header."""
    return joined(_blocks(interface, names))


def _blocks(interface: Interface, names: Names) -> Iterator[list[str]]:
    yield comment(openings.of_header(interface.header))
    guard = openings.guard(names.file, "hpp")
    yield [f"#ifndef {guard}", f"#define {guard}"]
    yield ['#include "arora.hpp"']
    yield [*comment("Whose names are used without it: see the end."), "namespace arora_generated {"]
    yield from _grouped(_types(interface, names))
    if interface.exports or interface.imports:
        yield [*openings.HIDE]
        yield from _grouped(_functions(interface, names))
        yield [*openings.SHOW]
    yield ["} // namespace arora_generated"]
    yield ["using namespace arora_generated;"]
    yield [f"#endif // {guard}"]


def _functions(interface: Interface, names: Names) -> Iterator[tuple[str, list[str]]]:
    """Yield the prototypes, each with its namespace."""
    if interface.exports:
        yield "", comment("Functions for the author to define.")
    for function, name in zip(interface.exports, names.exports, strict=True):
        yield names.export_namespace(), prototype(function, name, interface, names)
    if interface.imports:
        yield "", comment("Functions of other modules, to call.")
    for index, (function, name) in enumerate(zip(interface.imports, names.imports, strict=True)):
        yield names.import_namespace(index), prototype(function, name, interface, names)


def _grouped(blocks: Iterable[tuple[str, list[str]]]) -> Iterator[list[str]]:
    """Yield blocks in their namespaces, each opened once for blocks in a row."""
    for namespace, group in groupby(blocks, itemgetter(0)):
        inside = [block for _, block in group]
        if not namespace:
            yield from inside
            continue
        lines = [line for index, block in enumerate(inside) for line in (["", *block] if index else block)]
        yield [f"namespace {namespace} {{", *lines, f"}} // namespace {namespace}"]


def comment(text: str, indent: str = "") -> list[str]:
    """Return the lines of a comment."""
    # A backslash at its end would take the next line into a comment.
    return [f"{indent}// {line}".rstrip(" \\") for line in textwrap.wrap(text, WIDTH - len(indent) - 3) or [""]]


def is_constant(record: TypeRecord, interface: Interface) -> bool:
    """Return whether an enumeration is an ``enum class``: no variant has a payload."""
    return isinstance(record, EnumerationType) and all(each == UNIT for each in interface.members[record.id])


def _types(interface: Interface, names: Names) -> Iterator[tuple[str, list[str]]]:
    """Yield the declarations of types, each with its namespace."""
    others = [each for each in interface.records if not is_constant(each, interface)]
    for record in interface.records:
        if record not in others:
            yield names.namespace(record), _constant(record, names)
    # Vectors, maps and boxes need no more of a type than that it exists.
    for namespace, group in groupby(others, names.namespace):
        yield namespace, [f"struct {names.unqualified(each)};" for each in group]
    for record in others:
        body = _variants if isinstance(record, EnumerationType) else _fields
        lines = body(record, interface, names)
        declared = [*comment(printable(record.path)), f"struct {names.unqualified(record)} {{", *lines, "};"]
        yield names.namespace(record), declared


def _constant(record: TypeRecord, names: Names) -> list[str]:
    variants = [f"    {each}," for each in names.variants(record)]
    head = f"enum class {names.unqualified(record)} : std::uint32_t {{"
    return [*comment(printable(record.path)), *([head, *variants, "};"] if variants else [f"{head}}};"])]


def _fields(record: TypeRecord, interface: Interface, names: Names) -> list[str]:
    lines = []
    for member, shape, name in zip(record.members, interface.members[record.id], names.fields(record), strict=True):
        if name != member.name:
            lines += comment(printable(member.name), "    ")
        lines.append(f"    {names.member(record, member, shape)} {name}{{}};")
    return lines


def _variants(record: TypeRecord, interface: Interface, names: Names) -> list[str]:
    lines = []
    for member, shape, name in zip(record.members, interface.members[record.id], names.variants(record), strict=True):
        if shape == UNIT:
            lines.append(f"    struct {name} {{}};")
        else:
            lines += [f"    struct {name} {{", f"        {names.member(record, member, shape)} value;", "    };"]
    return [*lines, *packed("    std::variant<", names.variants(record), "> is;")]


def prototype(function: InterfaceFunction, name: str, interface: Interface, names: Names) -> list[str]:
    """Return the declaration of a function and a comment on it, as lines."""
    return [*comment(signature(function)), *declarator(function, name, interface, names, ";")]


def result_type(function: InterfaceFunction, names: Names) -> str:
    """Return what a function returns."""
    return f"arora::Result<{'void' if function.ret == UNIT else names.type(function.ret)}>"


def declarator(function: InterfaceFunction, name: str, interface: Interface, names: Names, tail: str) -> list[str]:
    """Return how a function is declared, up to its parameters' end and ``tail``."""
    parameters = [
        _parameter(parameter, called, function, interface, names)
        for parameter, called in zip(function.parameters, names.parameters(function), strict=True)
    ]
    return packed(f"{result_type(function, names)} {name}(", parameters, f"){tail}")


def _parameter(
    parameter: InterfaceParameter, name: str, function: InterfaceFunction, interface: Interface, names: Names
) -> str:
    type = names.type(parameter.shape)
    if parameter.mutable:
        return f"{type} &{name}"
    # What the author is given is the author's own, to change and to move; what other modules are given is only read.
    by_value = function.module is None or is_small(parameter.shape, interface)
    return f"{type} {name}" if by_value else f"const {type} &{name}"


def is_small(shape: Shape, interface: Interface) -> bool:
    """Return whether a value is as cheap to copy as a reference."""
    if isinstance(shape, RecordShape):
        return is_constant(shape.record, interface)
    return isinstance(shape, Scalar) and shape.kind not in (kinds.STRING, kinds.UUID)
