"""From a function's signature to its compiled codec."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from ..calls import Result
from ..header import ExportedFunction
from ..python_types import python_names
from ..types import TypeRegistry
from ..values import Tag
from .decoder import BufferReader
from .encoder import BufferWriter
from .source import Source
from .types import TypeCompiler, Uncovered


class Leave(Exception):
    """Raised by compiled code for what it was not made for."""


class _Absent:
    """The default of every parameter: of none of the types that compiled code takes."""


ABSENT: Final = _Absent()


_TAKEN: Final = frozenset({"Leave", "ABSENT", "PADDING", "join", "type", "int", "float", "str", "len"})
"""What the source refers to. A parameter of such a name, given by name, goes to the generic codec."""


class CompiledCodec(NamedTuple):
    """What could be compiled of one function; None where the generic codec has to do it all.

    ``encode`` takes a call's arguments and returns the argument buffer, ``decode`` takes the result buffer and
    returns what the call answers. Both raise, whatever it may be, where the generic codec has to look.
    """

    encode: Callable[..., bytes] | None
    decode: Callable[[bytes | memoryview], Any] | None
    source: str


def compile_codec(module: str, export: ExportedFunction, registry: TypeRegistry) -> CompiledCodec:
    """The compiled codec of a function. ``module`` is for the file name that tracebacks show."""
    if sys.byteorder == "big":
        # array.array holds items in the host's order, the wire is little-endian.
        return CompiledCodec(None, None, "")
    encode = _compiled(_encoder_source, export, registry, f"<arora encoder of {module}.{export.name}>")
    decode = _compiled(_decoder_source, export, registry, f"<arora decoder of {module}.{export.name}>")
    return CompiledCodec(encode[0], decode[0], "\n".join(part[1] for part in (encode, decode)))


def _compiled(
    write: Callable[[ExportedFunction, TypeRegistry], Source],
    export: ExportedFunction,
    registry: TypeRegistry,
    filename: str,
) -> tuple[Callable[..., Any] | None, str]:
    try:
        source = write(export, registry)
    except Uncovered:
        return None, f"# {filename}: left to the generic codec\n"
    source.globals.update(Leave=Leave, ABSENT=ABSENT)
    return source.function("codec", filename), f"# {filename}\n{source}"


def _encoder_source(export: ExportedFunction, registry: TypeRegistry) -> Source:
    names = [f"{name}_" if name in _TAKEN else name for name in python_names(each.name for each in export.parameters)]
    source = Source("codec", [f"{name}=ABSENT" for name in names])
    writer, types = BufferWriter(source), TypeCompiler(registry)
    writer.constant(bytes([Tag.STRUCTURE]) + export.id.bytes + len(names).to_bytes(4, "little"))
    for parameter, name in zip(export.parameters, names, strict=True):
        writer.constant(parameter.id.bytes)
        types.write(writer, parameter.type, name)
    writer.finish()
    return source


def _decoder_source(export: ExportedFunction, registry: TypeRegistry) -> Source:
    source = Source("codec", ["buffer"])
    reader, types = BufferReader(source, "buffer"), TypeCompiler(registry)
    mutable = [each for each in export.parameters if each.mutable]
    head = bytes([Tag.STRUCTURE]) + export.id.bytes + (1 + len(mutable)).to_bytes(4, "little")
    reader.constant(head + export.id.bytes)
    ret = types.read(reader, export.ret)
    mutated = []
    for parameter in mutable:
        reader.constant(parameter.id.bytes)
        mutated.append(f"{parameter.name!r}: {types.read(reader, parameter.type)}")
    reader.finish()
    if mutable:
        source.globals["Result"] = Result
        ret = f"Result({ret}, {{{', '.join(mutated)}}})"
    source.line(f"return {ret}")
    return source
