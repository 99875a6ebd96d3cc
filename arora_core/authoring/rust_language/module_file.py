"""The text of ``mod.rs``: a module's types, the trait of its exports, its imports, and tables of ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from ..interface import Interface, InterfaceFunction, InterfaceParameter
from . import text
from .defaults import default_of
from .names import module_names, variable_names
from .records import record
from .rust_types import RustTypes

_ATTRIBUTES = """\
#![allow(dead_code, unused_imports, unused_macros)]
// The header determines names, types and defaults.
#![allow(clippy::enum_variant_names, clippy::struct_field_names)]
#![allow(clippy::module_inception, clippy::module_name_repetitions)]
#![allow(clippy::new_ret_no_self, clippy::should_implement_trait)]
#![allow(clippy::many_single_char_names, clippy::similar_names)]
#![allow(clippy::too_many_arguments, clippy::type_complexity)]
#![allow(clippy::struct_excessive_bools, clippy::fn_params_excessive_bools)]
#![allow(clippy::option_option, clippy::vec_box)]
#![allow(clippy::large_types_passed_by_value, clippy::zero_sized_map_values)]
#![allow(clippy::trivially_copy_pass_by_ref)]
#![allow(clippy::approx_constant, clippy::unreadable_literal)]
// `let ... else` is not in Rust 1.63.
#![allow(clippy::manual_let_else)]
#![allow(clippy::missing_errors_doc, clippy::wildcard_imports)]
"""

_EXPORT = """\
/// Exports the functions of a type that implements `Module`: `generated::export!(Type);`.
///
/// A panic in one of them is an error of the call. Where there is no `std`, write
/// `generated::export!(Type, no_std);`: panics have to abort. Where this module is not
/// `crate::generated`, write `generated::export!(Type, std, crate::its::path);`.
macro_rules! export {
    ($module:ty) => {
        $crate::generated::export!($module, std, $crate::generated);
    };
    ($module:ty, no_std) => {
        $crate::generated::export!($module, no_std, $crate::generated);
    };
    ($module:ty, $panics:ident, $($generated:tt)+) => {
        const _: () = {
            use $($generated)+ as generated;
"""


def module_file(interface: Interface) -> str:
    """Return the text of ``mod.rs``."""
    types = RustTypes(interface)
    for each in interface.records:
        for member, shape in zip(each.members, interface.members[each.id], strict=True):
            types.check(shape, f"{each.path}.{member.name}")
    header = interface.header
    about = f"{header.name} {header.version}: {header.description or ''}".rstrip(": ")
    parts = [
        [*text.comment(about), "", *_ATTRIBUTES.splitlines()],
        ["pub mod arora;"],
        ["pub use arora::{BTreeMap, Box, String, Uuid, Value, Vec};"],
        _trait(interface.exports, types),
        *(part for each in interface.records for part in record(each, types)),
        *_imported_modules(interface, types),
        _export_macro(interface.exports),
        ["pub(crate) use export;"],
        _functions(interface.exports, types),
    ]
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


def _trait(functions: Sequence[InterfaceFunction], types: RustTypes) -> list[str]:
    about = ["/// What the module exports. An error is one of the call, with that message."]
    if not functions:
        return [*about, "pub trait Module {}"]
    lines: list[str] = []
    for function, name in zip(functions, variable_names(each.name for each in functions), strict=True):
        if lines:
            lines.append("")
        parameters = variable_names(each.name for each in function.parameters)
        lines += _named(function.name, name, zip(function.parameters, parameters, strict=True))
        shown = [
            f"{parameter}: {'&mut ' if each.mutable else ''}{_checked(each, types)}"
            for each, parameter in zip(function.parameters, parameters, strict=True)
        ]
        lines += text.signature(f"fn {name}", shown, _result(function, types), ";", 1)
    return [*about, "pub trait Module {", *text.indented(lines), "}"]


def _checked(parameter: InterfaceParameter, types: RustTypes) -> str:
    types.check(parameter.shape, f"{parameter.path}.type")
    return types.held(parameter.shape)


def _result(function: InterfaceFunction, types: RustTypes) -> str:
    types.check(function.ret, f"{function.path}.ret")
    return f"Result<{types.held(function.ret)}, String>"


def _named(
    name: str, identifier: str, parameters: Iterable[tuple[InterfaceParameter, str]], about: Sequence[str] = ()
) -> list[str]:
    """Return the comment of a function: the names in the header of what has another one here."""
    lines = list(about)
    if not text.is_same(name, identifier):
        lines.append(f"In the header: {text.quoted_name(name)}.")
    for parameter, shown in parameters:
        if not text.is_same(parameter.name, shown):
            lines += [""] if lines else []
            lines.append(f"`{shown}` is {text.quoted_name(parameter.name)} in the header.")
    return [f"/// {each}".rstrip() for each in lines]


def _imported_modules(interface: Interface, types: RustTypes) -> Iterator[list[str]]:
    modules: dict[UUID, list[InterfaceFunction]] = {}
    for function in interface.imports:
        assert function.module is not None
        modules.setdefault(function.module, []).append(function)
    names = [interface.modules.get(each, f"module_{each.hex[:8]}") for each in modules]
    for name, (module, functions), shown in zip(names, modules.items(), module_names(names), strict=True):
        body = ["use super::*;"]
        for function, identifier in zip(functions, variable_names(each.name for each in functions), strict=True):
            body += ["", *_imported(function, identifier, module, types)]
        about = f"/// Calls of {text.quoted_name(name)}, the module {module}."
        yield [about, f"pub mod {shown} {{", *text.indented(body), "}"]


def _imported(function: InterfaceFunction, name: str, module: UUID, types: RustTypes) -> list[str]:
    names = variable_names(each.name for each in function.parameters)
    parameters, table = [], []
    for each, parameter in zip(function.parameters, names, strict=True):
        checked = _checked(each, types)
        parameters.append(f"{parameter}: {f'&mut {checked}' if each.mutable else types.borrowed(each.shape)}")
        table.append(f'{text.labelled(parameter, each.name)} = {"&mut " if each.mutable else ""}"{each.id}",')
    about = ["Calls the function. An error is that of the function, or says why it was not called."]
    return [
        *_named(function.name, name, zip(function.parameters, names, strict=True), about),
        *text.signature(f"pub fn {name}", parameters, _result(function, types), " {", 1),
        "    arora::import_function! {",
        f'        {text.string(function.name)} = "{function.id}" of "{module}";',
        *text.indented(text.indented(table)),
        "    }",
        "}",
    ]


def _export_macro(functions: Sequence[InterfaceFunction]) -> list[str]:
    lines = ["generated::arora::export_functions! {", "    $panics $module;"]
    for function, name in zip(functions, variable_names(each.name for each in functions), strict=True):
        symbol = f"arora_function_{str(function.id).replace('-', '_')}"
        lines.append(f'    {name} = "{function.id}" as "{symbol}",')
    lines.append("}")
    for _ in range(3):
        lines = text.indented(lines)
    return [*_EXPORT.splitlines(), *lines, "        };", "    };", "}"]


def _functions(functions: Sequence[InterfaceFunction], types: RustTypes) -> list[str]:
    body = ["use super::{arora, Module};"]
    for function, name in zip(functions, variable_names(each.name for each in functions), strict=True):
        table = []
        names = variable_names(each.name for each in function.parameters)
        for each, parameter in zip(function.parameters, names, strict=True):
            default = default_of(each, types)
            table.append(
                f'{text.labelled(parameter, each.name)} = {"&mut " if each.mutable else ""}"{each.id}"'
                f"{'' if default is None else f' or {default}'},"
            )
        body += ["", "arora::export_function! {", *text.indented([f'{name} = "{function.id}";', *table]), "}"]
    about = "/// The exported functions from buffer to buffer."
    return [about, "pub mod functions {", *text.indented(body), "}"] if functions else []
