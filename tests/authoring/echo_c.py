"""Guests in C that answer with their first argument, for the law of generators."""

from __future__ import annotations

from pathlib import Path

from arora_core import Header
from arora_core.authoring import generated_files
from arora_core.authoring.building import INCLUDE
from arora_core.authoring.c_language import GENERATOR
from arora_core.authoring.c_language.names import Names
from arora_core.authoring.c_language.prototypes import by_pointer, declarator
from arora_core.authoring.compilers import BuildError, compiler_for, run
from arora_core.authoring.interface import Interface, InterfaceFunction, interface_of
from arora_core.authoring.shapes import UNIT

FLAGS = ("-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror", "-O1")


def unavailable(target: str) -> str | None:
    try:
        compiler_for(target, "c")
    except BuildError as error:
        return str(error)
    return None


def build(header: Header, directory: Path, target: str) -> Path:
    sources = write(header, directory)
    output = directory / "built"
    command = compiler_for(target, "c").command("c", target)
    run([*command, *FLAGS, f"-I{INCLUDE}", *map(str, sources), "-o", str(output)], directory)
    return output


def write(header: Header, directory: Path) -> list[Path]:
    """Write the generated files and the author's, and return those to compile."""
    generated_files.write(GENERATOR, header, directory)
    (directory / "author.c").write_text(author(header), encoding="utf-8")
    return sorted(directory.glob("*.c"))


def author(header: Header) -> str:
    """Return what the author writes."""
    interface = interface_of(header)
    names = Names(interface)
    functions = []
    for index, (function, name) in enumerate(zip(interface.exports, names.exports, strict=True)):
        relay = names.imports[index] if index < len(names.imports) else None
        body = _body(function, relay, interface, names)
        functions.append("\n".join([*declarator(function, name, interface, names, " {"), *body, "}"]))
    return "\n\n".join([f'#include "{names.file}.h"', *functions]) + "\n"


def _body(function: InterfaceFunction, relay: str | None, interface: Interface, names: Names) -> list[str]:
    parameters = names.parameters(function)
    passed = ["arena", *parameters, *(["result"] if function.ret != UNIT else [])]
    if relay is not None:
        return [f"    return {relay}({', '.join(passed)});"]
    lines = [f"    (void){each};" for each in passed]
    if function.ret != UNIT:
        first = function.parameters[0]
        pointer = first.mutable or by_pointer(first.shape, interface)
        lines.append(f"    *result = {'*' if pointer else ''}{parameters[0]};")
    return [*lines, "    return NULL;"]
