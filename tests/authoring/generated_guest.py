"""A module in C and in C++ on what is generated, with parameters of many shapes, called with raw buffers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from uuid import UUID

from arora_core import Header, TypeRegistry, buffers
from arora_core import values as v
from arora_core.authoring import generated_files
from arora_core.authoring.building import INCLUDE
from arora_core.authoring.compilers import compiler_for, run
from arora_core.authoring.languages import generator
from arora_core.executor import Instance
from arora_core.header import ExecutorRequirement, ExportedFunction, ImportedFunction, Parameter, Version
from arora_core.plugins import discover
from arora_core.types import TYPE_IDS, MapRef, ModuleRecord, OptionRef, ScalarRef, TypeRef

from ..signatures import DEEP, LIST, POINT, REGISTRY, scalar

_GUESTS: Final = Path(__file__).parents[1] / "guests"
SOURCES: Final = {"c": _GUESTS / "generated_c" / "author.c", "cpp": _GUESTS / "generated_cpp" / "author.cpp"}
WARNINGS: Final = ("-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror")
ROBOT: Final = ModuleRecord(UUID(int=0x20B07), "robot", "robot", Version(1, 0, 0))
UNIT: Final = scalar("unit")

_FUNCTIONS: Final[Mapping[str, tuple[Sequence[tuple[str, TypeRef] | Parameter], TypeRef]]] = {
    "describe": (
        [
            ("name", scalar("str")),
            ("age", OptionRef(TYPE_IDS["u8"])),
            Parameter(UUID(int=0x999), "times", scalar("u32"), False, v.U32(3)),
        ],
        scalar("str"),
    ),
    "refuse": ([("why", scalar("str"))], UNIT),
    "refuse badly": ([], UNIT),
    "move": ([("from", ScalarRef(POINT.id)), Parameter(UUID(int=0x998), "to", ScalarRef(POINT.id), True)], UNIT),
    "echo deep": ([("deep", ScalarRef(DEEP.id))], ScalarRef(DEEP.id)),
    "count": ([("list", ScalarRef(LIST.id))], scalar("u32")),
    "echo": ([("value", scalar("value"))], scalar("value")),
    "repeat": ([("callable", scalar("u64"))], scalar("value")),
    "unordered": ([], MapRef(TYPE_IDS["str"], TYPE_IDS["u8"])),
    "sum": ([("megabytes", scalar("u32"))], scalar("u32")),
    "lie": ([("how", scalar("u8"))], ScalarRef(DEEP.id)),
    "nest": ([("depth", scalar("u32"))], ScalarRef(LIST.id)),
    "ask": (
        [("question", scalar("str")), Parameter(UUID(int=0x997), "patience", scalar("u32"), True)],
        scalar("str"),
    ),
}


def _function(index: int, name: str) -> ExportedFunction:
    parameters, ret = _FUNCTIONS[name]
    made = tuple(
        each if isinstance(each, Parameter) else Parameter(UUID(int=0x100 * index + at + 1), *each)
        for at, each in enumerate(parameters)
    )
    return ExportedFunction(UUID(int=0x100 * index), name, made, ret)


_EXPORTS: Final = {name: _function(index, name) for index, name in enumerate(_FUNCTIONS, 1)}
SAY: Final = ImportedFunction(UUID(int=0x5A7), "say", _EXPORTS["ask"].parameters, _EXPORTS["ask"].ret, ROBOT.id)
HEADER: Final = Header(
    id=UUID(int=0x30D),
    name="shapes",
    author="Ada",
    license="MIT",
    description="Functions of many shapes",
    version=Version(1, 0, 0),
    executor=ExecutorRequirement("wasm"),
    exports=tuple(_EXPORTS.values()),
    imports=(SAY,),
    types=TypeRegistry([*REGISTRY, ROBOT]),
)


@dataclass
class Answering:
    """A host whose module and whose callables answer with a buffer."""

    answer: bytes = b""
    asked: list[v.Value] = field(default_factory=list)

    def dispatch(self, module_id: bytes, function_id: bytes, argument: bytes) -> bytes:
        assert (module_id, function_id) == (ROBOT.id.bytes, SAY.id.bytes)
        self.asked.append(buffers.decode(argument))
        return self.answer

    def dispatch_indirect(self, callable_id: int) -> bytes:
        self.asked.append(v.U64(callable_id))
        return self.answer

    def write_output(self, fd: int, data: bytes) -> None:
        raise AssertionError


@dataclass
class Guest:
    """The module in one executor, and its host."""

    instance: Instance
    host: Answering

    def call(self, name: str, *arguments: v.Value | None) -> v.Value | str:
        """Return what a call with these arguments returns, or its message; those that are None are left out."""
        return returned(self.answer(name, encoded(name, *arguments)))

    def answer(self, name: str, argument: bytes) -> bytes:
        return self.instance.dispatch(_EXPORTS[name].id.bytes, argument)


def encoded(name: str, *arguments: v.Value | None) -> bytes:
    """Return an argument buffer."""
    function = _EXPORTS[name]
    given = zip(function.parameters, arguments, strict=True)
    return buffers.encode(v.Structure(function.id, [(each.id, value) for each, value in given if value is not None]))


def returned(answer: bytes) -> v.Value | str:
    """Return the return value in a result buffer, or the message of an error buffer."""
    message = buffers.error_message(answer)
    if message is not None:
        return message
    result = buffers.decode(answer)
    assert isinstance(result, v.Structure)
    return result.fields[0].value


def build(directory: Path, target: str, header: Header = HEADER, source: Path = SOURCES["c"]) -> Path:
    """Build the module and return the executable's path."""
    language = "c" if source.suffix == ".c" else "cpp"
    made = generator(language, discover())
    written = generated_files.write(made, replace(header, executor=ExecutorRequirement(target)), directory)
    output = directory / f"built.{target}"
    inputs = [source, *(each for each in written.files if each.suffix == source.suffix)]
    compiler = compiler_for(target, language).command(language, target, libc=language == "cpp")
    flags = [*WARNINGS, f"-I{INCLUDE}", f"-I{directory}"]
    run([*compiler, *flags, *map(str, inputs), "-o", str(output)], directory)
    return output
