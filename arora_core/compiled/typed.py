"""Compilation of a function's typed codec from its signature."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

from ..binding.conversion import Conversions
from ..binding.leave import Leave
from ..binding.python_names import python_names
from ..calls import Result
from ..header import ExportedFunction, Parameter
from ..types import TypeMismatch, TypeRegistry
from .buffer_reader import BufferReader
from .buffer_writer import BufferWriter
from .call_headers import arguments_head, result_head
from .python_to_wire import write
from .source_code import STRUCT_ERROR, Source, one_line
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

_MOST_ENCODERS: Final = 32
"""Most encoders of one function that are compiled for calls that leave out arguments, one for each selection."""


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
    encoder, decoder = (one_line(f"<arora {kind} of {module}.{export.name}>") for kind in ("encoder", "decoder"))
    encode = _compiled(lambda: _encoder_source(encoder, export, registry), encoder)
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
    filename: str, export: ExportedFunction, registry: TypeRegistry, absent: Collection[int] = ()
) -> Source:
    """Return the source of the encoder of calls that leave out the parameters at the positions ``absent``."""
    parameters = export.parameters
    called = python_names(each.name for each in parameters)
    # No Python name begins with two underscores, so that a new name is no other parameter's.
    names = [f"__{name}" if name in _TAKEN else name for name in called]
    conversions = Conversions(registry)
    defaults = [python_default(each, conversions) for each in parameters]
    source = Source("codec", _declared(names, called, defaults))
    source.globals["ABSENT"] = ABSENT
    source.globals.update({f"DEFAULT_{name}": default for name, default in zip(names, defaults, strict=True)})
    optional = [index for index, parameter in enumerate(parameters) if parameter.default_value is None]
    if optional and not absent:
        # Only the last one is checked: callers mostly leave out arguments at the end.
        source.globals["fewer"] = _Fewer(optional, partial(_compiled_fewer, filename, export, registry))
        absence = ", ".join(f"{name} is ABSENT" for name in names)
        source.line(f"if {names[optional[-1]]} is ABSENT: return fewer[{absence},]({', '.join(names)})")
    writer, shapes = BufferWriter(source), Shapes(registry)
    writer.constant(arguments_head(export, len(names) - len(absent)))
    for index, (parameter, name) in enumerate(zip(parameters, names, strict=True)):
        if index not in absent:
            writer.constant(parameter.id.bytes)
            write(writer, shapes.of(parameter.type), name)
    writer.finish(in_pieces=True)
    return source


def _compiled_fewer(
    filename: str, export: ExportedFunction, registry: TypeRegistry, absent: Collection[int]
) -> Callable[..., bytes]:
    given = [each.name for index, each in enumerate(export.parameters) if index not in absent]
    source = _encoder_source(filename, export, registry, absent)
    return source.function("codec", f"{filename[:-1]} given {', '.join(given) or 'nothing'}>")


def _declared(names: Sequence[str], called: Sequence[str], defaults: Sequence[object]) -> list[str]:
    declared = [
        f"{name}=ABSENT" if default is ABSENT else f"{name}=DEFAULT_{name}"
        for name, default in zip(names, defaults, strict=True)
    ]
    renamed = [index for index, name in enumerate(names) if name != called[index]]
    if renamed:
        # Keyword arguments up to here are left to the generic codec, which knows the original names.
        declared.insert(renamed[-1] + 1, "/")
    return declared


def python_default(parameter: Parameter, conversions: Conversions) -> object:
    """Return the Python object that encodes to the parameter's default value, ABSENT where there is none."""
    if parameter.default_value is None:
        return ABSENT
    converter = conversions.of(parameter.type)
    try:
        default = converter.to_python(parameter.default_value)
        return default if converter.to_value(default) == parameter.default_value else ABSENT
    except TypeMismatch:
        return ABSENT


class _Fewer(dict[tuple[bool, ...], Callable[..., bytes]]):
    """The encoders of calls that leave out parameters, each compiled for the first call that leaves out just these."""

    def __init__(self, optional: Sequence[int], compile: Callable[[Collection[int]], Callable[..., bytes]]) -> None:
        self._optional = frozenset(optional)
        self._compile = compile

    def __missing__(self, absent: tuple[bool, ...]) -> Callable[..., bytes]:
        left_out = frozenset(index for index, is_absent in enumerate(absent) if is_absent)
        if len(self) >= _MOST_ENCODERS or not left_out <= self._optional:
            raise Leave
        made = self[absent] = self._compile(left_out)
        return made


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
