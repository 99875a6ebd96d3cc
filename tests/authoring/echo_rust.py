"""A guest in Rust that gives back what it is given: see :class:`.law.Echo`."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
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

__all__ = ["build", "together", "unavailable"]

together = 20
"""Guests of one crate: in less than a sixth of the time."""


def author_file(header: Header, export: str) -> str:
    """Return what an author writes: an implementation of the generated trait, and how it is exported."""
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
    return (
        "#![allow(unused_imports, unused_variables)]\n"
        "mod generated;\n"
        "use generated::*;\n"
        "pub struct Echo;\n"
        f"impl Module for Echo {{\n{''.join(functions)}}}\n"
        f"{export}\n"
    )


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


def build(headers: Sequence[Header], directory: Path, target: str, compiler: str | None = None) -> Path:
    """Write the sources, compile them, and return the path of what they are compiled to."""
    if len(headers) == 1:
        _write(headers[0], directory)
        _author(headers[0], directory / "lib.rs", "generated::export!(Echo);")
    else:
        _write_crate(headers, directory)
    return compile_rust(directory / "lib.rs", directory / library_name("echo", target), target)


def _write(header: Header, directory: Path) -> None:
    generated_files.write(generator("rust", discover()), header, directory / "generated")


def _write_crate(headers: Sequence[Header], directory: Path) -> None:
    """Write a crate with a module for each header, which have in common what is the same in all generated code."""
    names = [f"guest_{index}" for index in range(len(headers))]
    for name, header in zip(names, headers, strict=True):
        place = directory / name
        _write(header, place)
        _author(header, place / "mod.rs", f"generated::export!(Echo, std, crate::{name}::generated);")
        common = place / "generated" / "arora"
        if name == names[0]:
            shutil.copytree(common, directory / "arora")
        shutil.rmtree(common)
        common.with_suffix(".rs").write_text("pub use crate::arora::*;\n", encoding="utf-8")
    modules = "".join(f"mod {name};\n" for name in ("arora", *names))
    (directory / "lib.rs").write_text(modules, encoding="utf-8")


def _author(header: Header, path: Path, export: str) -> None:
    path.write_text(author_file(header, export), encoding="utf-8")
