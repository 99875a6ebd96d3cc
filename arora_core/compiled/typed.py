"""Compilation of a function's typed codec from its signature."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from ..binding.conversion import Conversions
from ..binding.generated_classes import python_names
from ..calls import Result
from ..header import ExportedFunction, Parameter
from ..types import TypeMismatch, TypeRegistry
from .buffer_reader import BufferReader
from .buffer_writer import BufferWriter
from .call_headers import arguments_head, result_head
from .python_to_wire import write
from .source_code import STRUCT_ERROR, Source
from .type_plans import Shapes, Uncovered
from .wire_to_python import read


class _Absent:
    """The Python default of parameters without a default value. Compiled code accepts no object of this type."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()


_TAKEN: Final = frozenset(
    {"ABSENT", "LargeArgument", "Leave", "PADDING", "fewer", "join", STRUCT_ERROR}.union(dir(builtins))
)
"""Names that the source uses itself. A parameter with such a name is renamed."""


class CompiledCodec(NamedTuple):
    """The compiled codec of one function; a direction is None where only the generic codec can do it.

    ``encode`` takes a call's arguments and returns the argument buffer, or raises :class:`LargeArgument` with its
    pieces. It raises TypeError for arguments that do not bind. ``decode`` takes the result buffer, or a view of it,
    which it does not keep, and returns the result of the call. Both raise Leave where the generic codec has to do the
    work. ``source`` is the generated Python.
    """

    encode: Callable[..., bytes] | None
    decode: Callable[[bytes | memoryview], Any] | None
    source: str


def compile_codec(module: str, export: ExportedFunction, registry: TypeRegistry) -> CompiledCodec:
    """Return the compiled codec of a function. Tracebacks show ``module`` in its file name."""
    if sys.byteorder == "big":
        # array.array has the host's byte order, the wire is little-endian.
        return CompiledCodec(None, None, "")
    encoder, decoder = (f"<arora {kind} of {module}.{export.name}>" for kind in ("encoder", "decoder"))
    encode = _compiled(lambda: _encoder_source(encoder, export, export.parameters, registry), encoder)
    decode = _compiled(lambda: _decoder_source(export, registry), decoder)
    return CompiledCodec(encode[0], decode[0], "\n".join(part[1] for part in (encode, decode)))


def _compiled(write_source: Callable[[], Source], filename: str) -> tuple[Callable[..., Any] | None, str]:
    try:
        source = write_source()
    except Uncovered:
        return None, f"# {filename}: left to the generic codec\n"
    return source.function("codec", filename), f"# {filename}\n{source}"


# --- arguments -----------------------------------------------------------------------------------


def _encoder_source(
    filename: str, export: ExportedFunction, parameters: Sequence[Parameter], registry: TypeRegistry
) -> Source:
    names = python_names((each.name for each in parameters), _TAKEN)
    defaults = [_default(each, registry) for each in parameters]
    source = Source("codec", _declared(parameters, names, defaults))
    source.globals["ABSENT"] = ABSENT
    source.globals.update({f"DEFAULT_{name}": default for name, default in zip(names, defaults, strict=True)})
    optional = [index for index, parameter in enumerate(parameters) if parameter.default_value is None]
    if optional:
        # Only the last one is checked: callers mostly leave out arguments at the end.
        last = optional[-1]
        others = [name for index, name in enumerate(names) if index != last]
        source.globals["fewer"] = _Fewer(filename, export, [*parameters[:last], *parameters[last + 1 :]], registry)
        source.line(f"if {names[last]} is ABSENT: return fewer({', '.join(others)})")
    writer, shapes = BufferWriter(source), Shapes(registry)
    writer.constant(arguments_head(export, len(names)))
    for parameter, name in zip(parameters, names, strict=True):
        writer.constant(parameter.id.bytes)
        write(writer, shapes.of(parameter.type), name)
    writer.finish(in_pieces=True)
    return source


def _declared(parameters: Sequence[Parameter], names: Sequence[str], defaults: Sequence[object]) -> list[str]:
    declared = [
        f"{name}=ABSENT" if default is ABSENT else f"{name}=DEFAULT_{name}"
        for name, default in zip(names, defaults, strict=True)
    ]
    called = python_names(each.name for each in parameters)
    renamed = [index for index, name in enumerate(names) if name != called[index]]
    if renamed:
        # Keyword arguments up to here are left to the generic codec, which knows the original names.
        declared.insert(renamed[-1] + 1, "/")
    return declared


def _default(parameter: Parameter, registry: TypeRegistry) -> object:
    """Return the Python object that encodes to the parameter's default value, ABSENT where there is none."""
    if parameter.default_value is None:
        return ABSENT
    converter = Conversions(registry).of(parameter.type)
    try:
        default = converter.to_python(parameter.default_value)
        return default if converter.to_value(default) == parameter.default_value else ABSENT
    except TypeMismatch:
        return ABSENT


class _Fewer:
    """The encoder of calls that leave out a parameter, compiled for the first such call."""

    def __init__(
        self, filename: str, export: ExportedFunction, parameters: Sequence[Parameter], registry: TypeRegistry
    ) -> None:
        self._made_of = (filename, export, parameters, registry)
        self._encode: Callable[..., bytes] | None = None

    def __call__(self, *given: object) -> bytes:
        if self._encode is None:
            filename, _, parameters, _ = self._made_of
            shorter = f"{filename[:-1]} given {', '.join(each.name for each in parameters) or 'nothing'}>"
            source = _encoder_source(*self._made_of)
            self._encode = source.function("codec", shorter)
        return self._encode(*given)


# --- results -------------------------------------------------------------------------------------


def _decoder_source(export: ExportedFunction, registry: TypeRegistry) -> Source:
    source = Source("codec", ["buffer"])
    reader, shapes = BufferReader(source, "buffer"), Shapes(registry)
    mutable = [each for each in export.parameters if each.mutable]
    reader.constant(result_head(export, len(mutable)))
    ret = read(reader, shapes.of(export.ret))
    mutated = []
    for parameter in mutable:
        reader.constant(parameter.id.bytes)
        mutated.append(f"{parameter.name!r}: {read(reader, shapes.of(parameter.type))}")
    reader.finish()
    if mutable:
        source.globals["Result"] = Result
        ret = f"Result({ret}, {{{', '.join(mutated)}}})"
    source.line(f"return {ret}")
    return source
