"""The header that a module's author includes: its types, and the prototypes of its functions."""

from __future__ import annotations

from collections.abc import Iterator

from ..interface import Interface
from . import openings
from .names import Names
from .prototypes import call_declarator, prototype
from .text import comment, joined
from .type_declarations import type_declarations


def header_file(interface: Interface, names: Names) -> str:
    """Return the text of the header."""
    return joined(_blocks(interface, names))


def _blocks(interface: Interface, names: Names) -> Iterator[list[str]]:
    yield comment(openings.of_header(interface.header))
    guard = openings.guard(names.file, "h")
    yield [f"#ifndef {guard}", f"#define {guard}"]
    yield ['#include "arora_values.h"']
    if interface.records:
        yield ["/* Types. */"]
        yield from type_declarations(interface, names)
    hidden = interface.exports or interface.imports or interface.records
    if hidden:
        yield [*openings.HIDE]
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
        yield [*openings.SHOW]
    yield [f"#endif /* {guard} */"]
