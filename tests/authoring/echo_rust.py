"""A guest in Rust that gives back what it is given: see :class:`.law.Echo`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from arora_core import Header
from arora_core.authoring import generated_files
from arora_core.authoring.interface import Interface, InterfaceFunction, interface_of
from arora_core.authoring.languages import generator
from arora_core.authoring.rust_language.names import module_names, variable_names
from arora_core.authoring.rust_language.rust_types import RustTypes
from arora_core.authoring.shapes import STRING, Array, Optional, Shape
from arora_core.plugins import discover

from .rust_builds import compile_rust, library_name, unavailable

__all__ = ["author_files", "build", "unavailable"]


def author_files(header: Header) -> dict[str, str]:
    """Return what an author writes: an implementation of the generated trait."""
    interface = interface_of(header)
    types = RustTypes(interface)
    names = variable_names(each.name for each in interface.exports)
    calls = _imported(interface)
    functions = []
    for index, (function, name) in enumerate(zip(interface.exports, names, strict=True)):
        parameters = variable_names(each.name for each in function.parameters)
        shown = ", ".join(
            f"{parameter}: {'&mut ' if each.mutable else ''}{types.held(each.shape)}"
            for parameter, each in zip(parameters, function.parameters, strict=True)
        )
        body = (
            _relayed(calls[index], function, parameters, types) if index < len(calls) else _echoed(function, parameters)
        )
        functions.append(f"    fn {name}({shown}) -> Result<{types.held(function.ret)}, String> {{ {body} }}\n")
    return {
        "lib.rs": "#![allow(unused_imports, unused_variables)]\n"
        "mod generated;\n"
        "use generated::*;\n"
        "pub struct Echo;\n"
        f"impl Module for Echo {{\n{''.join(functions)}}}\n"
        "generated::export!(Echo);\n"
    }


def _imported(interface: Interface) -> list[str]:
    """Return the path of each imported function. They are all of one module."""
    modules = list(dict.fromkeys(each.module for each in interface.imports if each.module is not None))
    assert len(modules) <= 1
    (module,) = module_names([f"module_{each.hex[:8]}" for each in modules]) or [""]
    return [f"{module}::{name}" for name in variable_names(each.name for each in interface.imports)]


def _relayed(call: str, function: InterfaceFunction, names: Iterable[str], types: RustTypes) -> str:
    arguments = (
        name if each.mutable else _lent(each.shape, name, types)
        for name, each in zip(names, function.parameters, strict=True)
    )
    return f"generated::{call}({', '.join(arguments)})"


def _echoed(function: InterfaceFunction, names: list[str]) -> str:
    if not names:
        return "Ok(())"
    return f"Ok({names[0]}.clone())" if function.parameters[0].mutable else f"Ok({names[0]})"


def _lent(shape: Shape, name: str, types: RustTypes) -> str:
    if not isinstance(shape, Optional):
        return name if types.is_copied(shape) and not isinstance(shape, Array) else f"&{name}"
    if isinstance(shape.value, Optional):
        return f"{name}.as_ref().map(|inner| {_lent(shape.value, 'inner', types)})"
    if types.is_copied(shape.value):
        return name
    held = types.held(shape.value)
    dereferenced = shape.value == STRING or held.startswith(("Vec<", "Box<"))
    return f"{name}.as_deref()" if dereferenced else f"{name}.as_ref()"


def build(header: Header, directory: Path, target: str) -> Path:
    """Write the sources, compile them, and return the path of what they are compiled to."""
    generated_files.write(generator("rust", discover()), header, directory / "generated")
    for path, text in author_files(header).items():
        (directory / path).write_text(text, encoding="utf-8")
    return compile_rust(directory / "lib.rs", directory / library_name("echo", target), target)
