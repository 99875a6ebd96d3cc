"""The glue: the tables of a module's types, its exported functions and the calls of those that it imports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ... import buffers
from ..interface import Interface, InterfaceFunction, InterfaceParameter
from ..shapes import UNIT
from . import openings
from .names import Names
from .prototypes import by_pointer, call_declarator, declarator
from .text import WIDTH, assigned, comment, joined, literal, packed, printable, uuid
from .type_tables import TypeTables


def glue_file(interface: Interface, names: Names) -> str:
    """Return the text of the glue."""
    return joined(_Glue(interface, names).blocks())


class _Glue:
    def __init__(self, interface: Interface, names: Names) -> None:
        self._interface = interface
        self._names = names
        self._tables = TypeTables(interface, names)

    def blocks(self) -> Iterator[list[str]]:
        interface = self._interface
        yield comment(openings.of_glue(interface.header))
        yield openings.glue_includes(self._names.file, "h")
        tables = list(self._tables.tables())
        if tables:
            yield ["/* Types. */"]
            yield from tables
        for function, name in zip(interface.exports, self._names.exports, strict=True):
            yield comment(printable(function.name))
            yield from self._function(function, name)
            yield self._export(function, name)
        for function, name in zip(interface.imports, self._names.imports, strict=True):
            yield comment(printable(function.name))
            yield from self._function(function, name)
            yield self._import(function, name)
        if interface.records:
            yield ["/* Callables. */"]
        for record, name in zip(interface.records, self._names.calls, strict=True):
            type = self._names.record(record)
            call = f"arora_call_of_(arena, callable, &{type}__type, result)"
            yield [*call_declarator(type, name, " {"), f"    return {call};", "}"]

    def _function(self, function: InterfaceFunction, name: str) -> Iterator[list[str]]:
        """Yield the frame of a function's calls, and its tables."""
        frame, fields = f"{name}__frame", self._fields(function)
        if fields:
            yield [f"typedef struct {frame} {{", *fields, f"}} {frame};"]
        arguments: list[str] = []
        results: list[str] = []
        for parameter, field in zip(function.parameters, self._names.parameters(function), strict=True):
            table, fallback = self._tables.name(parameter.shape), "NULL"
            if parameter.default is not None and function.module is None:
                fallback = f"{name}__{field}_default"
                yield _default(fallback, parameter)
            id = uuid(parameter.id)
            arguments += self._tables.member(id, parameter.name, table, frame, field, fallback)
            if parameter.mutable:
                results += self._tables.member(id, parameter.name, table, frame, field)
        at = "result" if function.ret != UNIT else ""
        table = self._tables.name(function.ret)
        results = [*self._tables.member(uuid(function.id), "result", table, frame, at), *results]
        if arguments:
            yield [f"static const arora_member_ {name}__arguments[] = {{", *arguments, "};"]
        yield [f"static const arora_member_ {name}__results[] = {{", *results, "};"]
        yield self._table(function, name)

    def _fields(self, function: InterfaceFunction) -> list[str]:
        named = zip(function.parameters, self._names.parameters(function), strict=True)
        fields = [f"    {self._names.type(parameter.shape)} {name};" for parameter, name in named]
        if function.ret != UNIT:
            fields.append(f"    {self._names.type(function.ret)} result;")
        return fields

    def _table(self, function: InterfaceFunction, name: str) -> list[str]:
        module = self._interface.modules.get(function.module) if function.module else None
        called = function.name if module is None else f"{module}.{function.name}"
        arguments = f"{name}__arguments" if function.parameters else "NULL"
        given = [literal(called), uuid(function.id), arguments, f"{len(function.parameters)}u"]
        results = [f"{name}__results", f"{1 + len(function.mutable)}u"]
        module_id = [uuid(function.module)] if function.module else []
        macro = "ARORA_IMPORTED_" if function.module else "ARORA_EXPORTED_"
        return assigned(f"static const arora_function_ {name}__function", macro, [*module_id, *given, *results])

    def _export(self, function: InterfaceFunction, name: str) -> list[str]:
        framed = bool(function.parameters) or function.ret != UNIT
        frame = "&frame" if framed else "NULL"
        passed = ["&call.arena"]
        for parameter, field in zip(function.parameters, self._names.parameters(function), strict=True):
            pointer = parameter.mutable or by_pointer(parameter.shape, self._interface)
            passed.append(f"{'&' if pointer else ''}frame.{field}")
        if function.ret != UNIT:
            passed.append("&frame.result")
        symbol = str(function.id).replace("-", "_")
        return [
            f"ARORA_FUNCTION({symbol}) {{",
            *([f"    {name}__frame frame = {{0}};"] if framed else []),
            "    arora_call_ call = {0};",
            f"    if (arora_begin_(&call, &{name}__function, argument, {frame})) {{",
            *assigned("        call.failure", name, passed),
            "    }",
            f"    return arora_end_(&call, &{name}__function, {frame});",
            "}",
        ]

    def _import(self, function: InterfaceFunction, name: str) -> list[str]:
        head = declarator(function, name, self._interface, self._names, " {")
        parameters = list(zip(function.parameters, self._names.parameters(function), strict=True))
        if not parameters and function.ret == UNIT:
            return [*head, f"    return arora_import_(arena, &{name}__function, NULL);", "}"]
        lines = [f"    {name}__frame frame_ = {{0}};"]
        stores = []
        for parameter, field in parameters:
            pointer = parameter.mutable or by_pointer(parameter.shape, self._interface)
            lines.append(f"    frame_.{field} = {'*' if pointer else ''}{field};")
            if parameter.mutable:
                stores.append(f"    *{field} = frame_.{field};")
        if function.ret != UNIT:
            stores.append("    *result = frame_.result;")
        call = f"arora_import_(arena, &{name}__function, &frame_)"
        if not stores:
            return [*head, *lines, f"    return {call};", "}"]
        call_lines = [f"    arora_failure failure_ = {call};", "    if (failure_ != NULL)", "        return failure_;"]
        return [*head, *lines, *call_lines, *stores, "    return NULL;", "}"]


def _default(name: str, parameter: InterfaceParameter) -> list[str]:
    assert parameter.default is not None
    data: Sequence[str] = [str(byte) for byte in buffers.encode(parameter.default)]
    said = comment(f"The default value of {printable(parameter.name)}, as a buffer.")
    head = f"static const _Alignas(8) uint8_t {name}[] = {{"
    line = f"{head}{', '.join(data)}}};"
    if len(line) <= WIDTH:
        return [*said, line]
    return [*said, "/* clang-format off */", head, *packed("    ", data, ""), "};", "/* clang-format on */"]
