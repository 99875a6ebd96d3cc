"""The header that a module's author includes: its types, and the prototypes of its functions."""

from __future__ import annotations

from collections.abc import Iterator

from ..interface import Interface
from .names import Names
from .prototypes import call_declarator, prototype
from .text import comment, joined, printable
from .type_declarations import type_declarations


def header_file(interface: Interface, names: Names) -> str:
    """Return the text of the header."""
    return joined(_blocks(interface, names))


def _blocks(interface: Interface, names: Names) -> Iterator[list[str]]:
    header = interface.header
    described = f": {' '.join(header.description.split())}" if header.description else ""
    yield comment(f"The module {printable(header.name)}{described}")
    guard = f"ARORA_GENERATED_{names.file.upper()}_H"
    yield [f"#ifndef {guard}", f"#define {guard}"]
    yield ['#include "arora_values.h"']
    if interface.records:
        yield ["/* Types. */"]
        yield from type_declarations(interface, names)
    # Hidden: they are the module's own, and a missing one is found when the module is linked.
    hidden = interface.exports or interface.imports or interface.records
    if hidden:
        yield ["#if defined(__GNUC__) && !defined(_WIN32)", "#pragma GCC visibility push(hidden)", "#endif"]
    if interface.exports:
        yield ["/* Functions for the author to define. */"]
        for function, name in zip(interface.exports, names.exports, strict=True):
            yield prototype(function, name, interface, names)
    if interface.imports:
        yield ["/* Functions of other modules, to call. */"]
        for function, name in zip(interface.imports, names.imports, strict=True):
            yield prototype(function, name, interface, names)
    if interface.records:
        yield ["/* Calls of what the host registered as `callable`, and which returns one of the types. */"]
        yield [
            line
            for record, name in zip(interface.records, names.calls, strict=True)
            for line in call_declarator(names.record(record), name, ";")
        ]
    if hidden:
        yield ["#if defined(__GNUC__) && !defined(_WIN32)", "#pragma GCC visibility pop", "#endif"]
    yield [f"#endif /* {guard} */"]
