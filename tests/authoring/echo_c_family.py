"""Guests in C and C++ that answer with their first argument, for the law of generators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from arora_core import Header
from arora_core.authoring import c_language, cpp_language, generated_files
from arora_core.authoring.building import INCLUDE
from arora_core.authoring.c_language import names as c_names
from arora_core.authoring.c_language import prototypes
from arora_core.authoring.compilers import BuildError, compiler_for, run
from arora_core.authoring.cpp_language import header_file
from arora_core.authoring.cpp_language import names as cpp_names
from arora_core.authoring.interface import Interface, InterfaceFunction, interface_of
from arora_core.authoring.shapes import UNIT

from .precompiled import precompiled

FLAGS: Final = ("-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror", f"-I{INCLUDE}")
_QUICKLY: Final = ("-O0",)
"""Not for Zig's compiler, which would first compile the whole library of C++ in this way."""


@dataclass(frozen=True)
class CFamily:
    """How C or C++ takes part in the law: see :class:`.law.Echo`."""

    language: str
    together: int = 1

    def unavailable(self, target: str) -> str | None:
        try:
            compiler_for(target, self.language)
        except BuildError as error:
            return str(error)
        return None

    def build(self, headers: Sequence[Header], directory: Path, target: str, compiler: str | None = None) -> Path:
        (header,) = headers
        sources = self.write(header, directory)
        output = directory / "built"
        chosen = compiler_for(target, self.language, compiler)
        quickly = () if chosen.family == "zig" else _QUICKLY
        command = [*chosen.command(self.language, target), *FLAGS, *quickly]
        if chosen.family == "clang" and self.language == "cpp":
            precompiled(tuple(command)).build(sources, output)
        else:
            run([*command, *map(str, sources), "-o", str(output)], directory)
        return output

    def write(self, header: Header, directory: Path) -> list[Path]:
        """Write the generated files and the author's, and return those to compile."""
        generator, author = (c_language.GENERATOR, _c) if self.language == "c" else (cpp_language.GENERATOR, _cpp)
        generated_files.write(generator, header, directory)
        (directory / f"author.{self.language}").write_text(author(interface_of(header)), encoding="utf-8")
        return sorted(directory.glob(f"*.{self.language}"))


def _c(interface: Interface) -> str:
    """Return what an author in C writes."""
    names = c_names.Names(interface)
    functions = []
    for index, (function, name) in enumerate(zip(interface.exports, names.exports, strict=True)):
        relay = names.imports[index] if index < len(names.imports) else None
        body = _c_body(function, relay, interface, names)
        functions.append("\n".join([*prototypes.declarator(function, name, interface, names, " {"), *body, "}"]))
    return "\n\n".join([f'#include "{names.file}.h"', *functions]) + "\n"


def _c_body(function: InterfaceFunction, relay: str | None, interface: Interface, names: c_names.Names) -> list[str]:
    parameters = names.parameters(function)
    passed = ["arena", *parameters, *(["result"] if function.ret != UNIT else [])]
    if relay is not None:
        return [f"    return {relay}({', '.join(passed)});"]
    lines = [f"    (void){each};" for each in passed]
    if function.ret != UNIT:
        first = function.parameters[0]
        pointer = first.mutable or prototypes.by_pointer(first.shape, interface)
        lines.append(f"    *result = {'*' if pointer else ''}{parameters[0]};")
    return [*lines, "    return NULL;"]


def _cpp(interface: Interface) -> str:
    """Return what an author in C++ writes."""
    names = cpp_names.Names(interface)
    functions = []
    for index, (function, name) in enumerate(zip(interface.exports, names.exports, strict=True)):
        relay = f"{names.import_namespace(index)}::{names.imports[index]}" if index < len(names.imports) else None
        called = f"{names.export_namespace()}::{name}"
        opening = header_file.declarator(function, called, interface, names, " {")
        functions.append("\n".join([*opening, *_cpp_body(function, relay, names), "}"]))
    return "\n\n".join([f'#include "{names.file}.hpp"', *functions]) + "\n"


def _cpp_body(function: InterfaceFunction, relay: str | None, names: cpp_names.Names) -> list[str]:
    parameters = names.parameters(function)
    if relay is not None:
        return [f"    return {relay}({', '.join(parameters)});"]
    lines = [f"    (void){each};" for each in parameters]
    return [*lines, "    return {};" if function.ret == UNIT else f"    return {parameters[0]};"]
