"""The glue: the tables of a module's types, its exported functions and the calls of those that it imports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ... import buffers
from ...types import EnumerationType
from ...types.registry import TypeRecord
from ..c_language import openings
from ..c_language.text import WIDTH, joined, literal, packed, printable, uuid
from ..interface import Interface, InterfaceFunction, InterfaceParameter
from ..shapes import UNIT
from .header_file import comment, declarator, is_constant, is_small, result_type
from .names import Names


def glue_file(interface: Interface, names: Names) -> str:
    """Return the text of the glue."""
    return joined(_Glue(interface, names).blocks())


class _Glue:
    def __init__(self, interface: Interface, names: Names) -> None:
        self._interface = interface
        self._names = names

    def blocks(self) -> Iterator[list[str]]:
        interface, names = self._interface, self._names
        yield comment(openings.of_glue(interface.header))
        yield openings.glue_includes(names.file, "hpp")
        yield ["namespace arora::glue {"]
        for record in interface.records:
            yield self._record(record)
        for index, function in enumerate(interface.exports):
            yield from self._function(function, f"export_{index}_")
        for index, function in enumerate(interface.imports):
            yield from self._function(function, f"import_{index}_")
        yield ["} // namespace arora::glue"]
        if interface.records:
            calls = [
                f"template arora::Result<{names.record(each)}> arora::call(std::uint64_t);"
                for each in interface.records
            ]
            yield [*comment("Calls of what the host registered, and which returns one of the types."), *calls]
        for index, (function, name) in enumerate(zip(interface.exports, names.exports, strict=True)):
            yield self._export(function, f"{names.export_namespace()}::{name}", f"arora::glue::export_{index}_")
        for index, (function, name) in enumerate(zip(interface.imports, names.imports, strict=True)):
            yield self._import(function, f"{names.import_namespace(index)}::{name}", f"arora::glue::import_{index}_")

    def _record(self, record: TypeRecord) -> list[str]:
        owner = self._names.record(record)
        shapes = self._interface.members[record.id]
        rows: list[list[str]] = []
        for index, (member, shape) in enumerate(zip(record.members, shapes, strict=True)):
            given = [uuid(member.id), literal(member.name)]
            if not isinstance(record, EnumerationType):
                made = f"field<&{owner}::{self._names.fields(record)[index]}>"
            elif is_constant(record, self._interface):
                made = "unit"
            else:
                made = f"{'empty' if shape == UNIT else 'payload'}<{owner}, {index}>"
            rows.append(packed(f"        {made}(", given, "),"))
        tag = f"ARORA_{'ENUMERATION' if isinstance(record, EnumerationType) else 'STRUCTURE'}"
        return [
            f"template <> struct Record<{owner}> {{",
            f"    static constexpr std::uint8_t tag = {tag};",
            f"    static constexpr Uuid id = {uuid(record.id)};",
            f"    static constexpr const char *name = {literal(record.path)};",
            *_members(f"    static constexpr std::array<Member, {len(rows)}> members", rows, "    "),
            "};",
        ]

    def _function(self, function: InterfaceFunction, space: str) -> Iterator[list[str]]:
        """Yield the frame of a function's calls, and its tables."""
        fields = list(zip(function.parameters, self._names.parameters(function), strict=True))
        lines = [f"    {self._names.type(parameter.shape)} {name};" for parameter, name in fields]
        if function.ret != UNIT:
            lines.append(f"    {self._names.type(function.ret)} result;")
        yield [*comment(printable(function.name)), f"namespace {space} {{"]
        yield ["struct Frame {", *lines, "};"]
        arguments, results = [], [self._result(function)]
        for parameter, name in fields:
            given = [uuid(parameter.id), literal(parameter.name)]
            if parameter.mutable:
                results.append(packed(f"    field<&Frame::{name}>(", given, "),"))
            if parameter.default is not None and function.module is None:
                yield _default(f"{name}_default", parameter)
                given.append(f"{name}_default")
            arguments.append(packed(f"    field<&Frame::{name}>(", given, "),"))
        yield _members(f"constexpr std::array<Member, {len(arguments)}> arguments", arguments)
        yield _members(f"constexpr std::array<Member, {len(results)}> results", results)
        module = self._interface.modules.get(function.module) if function.module else None
        called = function.name if module is None else f"{module}.{function.name}"
        given = [literal(called), uuid(function.module) if function.module else "{}", uuid(function.id)]
        given += [f"{{{each}.data(), {each}.size()}}" for each in ("arguments", "results")]
        yield packed("constexpr Function function = {", given, "};")
        yield [f"}} // namespace {space}"]

    def _result(self, function: InterfaceFunction) -> list[str]:
        made = "unit" if function.ret == UNIT else "field<&Frame::result>"
        return packed(f"    {made}(", [uuid(function.id), literal("result")], "),")

    def _export(self, function: InterfaceFunction, name: str, space: str) -> list[str]:
        passed = []
        for parameter, field in zip(function.parameters, self._names.parameters(function), strict=True):
            moved = not parameter.mutable and not is_small(parameter.shape, self._interface)
            passed.append(f"std::move(frame.{field})" if moved else f"frame.{field}")
        symbol = str(function.id).replace("-", "_")
        call = packed(f"    {result_type(function, self._names)} result = {name}(", passed, ");")
        return [
            f"ARORA_FUNCTION({symbol}) {{",
            f"    {space}::Frame frame{{}};",
            f"    std::uint8_t *mistake = arora::glue::begin({space}::function, argument, &frame);",
            "    if (mistake != nullptr)",
            "        return mistake;",
            *call,
            "    if (!result)",
            "        return arora::glue::failed(result.error().message);",
            *([] if function.ret == UNIT else ["    frame.result = std::move(*result);"]),
            f"    return arora::glue::end({space}::function, &frame);",
            "}",
        ]

    def _import(self, function: InterfaceFunction, name: str, space: str) -> list[str]:
        lines = [f"    {space}::Frame frame_{{}};"]
        stores = []
        for parameter, field in zip(function.parameters, self._names.parameters(function), strict=True):
            lines.append(f"    frame_.{field} = {field};")
            if parameter.mutable:
                stores.append(f"    {field} = std::move(frame_.{field});")
        return [
            *declarator(function, name, self._interface, self._names, " {"),
            *lines,
            f"    std::optional<arora::Error> failure_ = arora::glue::import({space}::function, &frame_);",
            "    if (failure_)",
            "        return *std::move(failure_);",
            *stores,
            "    return {};" if function.ret == UNIT else "    return std::move(frame_.result);",
            "}",
        ]


def _members(head: str, rows: list[list[str]], indent: str = "") -> list[str]:
    """Return the definition of a table of members."""
    if not rows:
        return [f"{head}{{}};"]
    return [f"{head} = {{{{", *(line for row in rows for line in row), f"{indent}}}}};"]


def _default(name: str, parameter: InterfaceParameter) -> list[str]:
    assert parameter.default is not None
    data: Sequence[str] = [str(byte) for byte in buffers.encode(parameter.default)]
    said = comment(f"The default value of {printable(parameter.name)}, as a buffer.")
    head = f"alignas(8) constexpr std::uint8_t {name}[] = {{"
    line = f"{head}{', '.join(data)}}};"
    if len(line) <= WIDTH:
        return [*said, line]
    return [*said, "// clang-format off", head, *packed("    ", data, ""), "};", "// clang-format on"]
