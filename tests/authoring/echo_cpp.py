"""Guests in C++ that answer with their first argument, for the law of generators."""

from __future__ import annotations

from pathlib import Path

from arora_core import Header
from arora_core.authoring import generated_files
from arora_core.authoring.building import INCLUDE
from arora_core.authoring.compilers import BuildError, compiler_for, run
from arora_core.authoring.cpp_language import GENERATOR
from arora_core.authoring.cpp_language.header_file import declarator
from arora_core.authoring.cpp_language.names import Names
from arora_core.authoring.interface import Interface, InterfaceFunction, interface_of
from arora_core.authoring.shapes import UNIT

FLAGS = ("-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O0")


def unavailable(target: str) -> str | None:
    try:
        compiler_for(target, "cpp")
    except BuildError as error:
        return str(error)
    return None


def build(header: Header, directory: Path, target: str) -> Path:
    sources = write(header, directory)
    output = directory / "built"
    command = compiler_for(target, "cpp").command("cpp", target)
    run([*command, *FLAGS, f"-I{INCLUDE}", *map(str, sources), "-o", str(output)], directory)
    return output


def write(header: Header, directory: Path) -> list[Path]:
    """Write the generated files and the author's, and return those to compile."""
    generated_files.write(GENERATOR, header, directory)
    (directory / "author.cpp").write_text(author(header), encoding="utf-8")
    return sorted(directory.glob("*.cpp"))


def author(header: Header) -> str:
    """Return what the author writes."""
    interface = interface_of(header)
    names = Names(interface)
    functions = []
    for index, (function, name) in enumerate(zip(interface.exports, names.exports, strict=True)):
        relay = f"{names.import_namespace(index)}::{names.imports[index]}" if index < len(names.imports) else None
        body = _body(function, relay, interface, names)
        called = f"{names.export_namespace()}::{name}"
        functions.append("\n".join([*declarator(function, called, interface, names, " {"), *body, "}"]))
    return "\n\n".join([f'#include "{names.file}.hpp"', *functions]) + "\n"


def _body(function: InterfaceFunction, relay: str | None, interface: Interface, names: Names) -> list[str]:
    parameters = names.parameters(function)
    if relay is not None:
        return [f"    return {relay}({', '.join(parameters)});"]
    lines = [f"    (void){each};" for each in parameters]
    return [*lines, "    return {};" if function.ret == UNIT else f"    return {parameters[0]};"]
