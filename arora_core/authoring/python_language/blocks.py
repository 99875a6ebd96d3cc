"""Parts of generated Python files: what only type checkers see, aliases, mutable parameters, and protocols."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ...binding.python_names import NameTable
from ...header import ExportedFunction, Header, ImportedFunction
from ...types import type_name
from ..interface import InterfaceFunction
from ..shapes import Shape
from .annotations import Annotations
from .functions import host_parameters, method, mutated_type, result
from .layout import docstring, separated
from .names import Host, Names


def checked_only(blocks: list[list[str]], annotations: Annotations, stub: bool) -> list[list[str]]:
    """Return the lines of blocks for type checkers alone: in a stub, as they are."""
    if stub or not blocks:
        return blocks
    annotations.used.add("TYPE_CHECKING")
    inner = separated(blocks, 1)
    opening = ["if TYPE_CHECKING:", ""] if inner[0][0] == "@" else ["if TYPE_CHECKING:"]
    return [[*opening, *(f"    {line}" if line else "" for line in inner)]]


def aliases(names: Names, annotations: Annotations, stub: bool) -> list[list[str]]:
    """Return the lines that give classes of the file the names by which others refer to them."""
    payloads = set(names.payloads.values())
    lines: dict[bool, list[str]] = {False: [], True: []}
    for name, alias in sorted(annotations.aliases.items()):
        if name in names.taken:
            lines[name in payloads].append(f"{alias} = {name}")
    return [lines[False]] * bool(lines[False]) + checked_only([lines[True]] * bool(lines[True]), annotations, stub)


def mutated_types(
    owner: str,
    functions: Iterable[InterfaceFunction],
    annotate: Callable[[Shape], str],
    names: Names,
    annotations: Annotations,
) -> Iterator[list[str]]:
    """Yield the lines of the type of each function's mutable parameters. ``owner`` is the class of the functions."""
    for each in functions:
        if each.mutable:
            annotations.used.add("TypedDict")
            yield mutated_type(names.mutated[owner, each.id], each, annotate)


def protocol(host: Host, header: Header, names: Names, annotations: Annotations) -> Iterator[str]:
    """Yield the lines of the protocol of a module that a class in Python implements."""
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
            function, name, host_parameters(function, annotations), ret, signature_text(declared[function.id], header)
        )
    annotations.hidden = ()


def signature_text(function: ExportedFunction | ImportedFunction, header: Header) -> str:
    """Return the signature of a function, with the types' names in the header."""
    parameters = ", ".join(
        f"{'mutable ' if each.mutable else ''}{each.name}: {type_name(each.type, header.types)}"
        for each in function.parameters
    )
    return f"{function.name}({parameters}) -> {type_name(function.ret, header.types)}"
