"""Compiled codecs of host functions: arguments out of a buffer, results into one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from ..binding.python_names import python_names
from ..calls import Result
from ..header import ExportedFunction
from ..types import TypeRegistry
from .buffer_reader import BufferReader
from .buffer_writer import BufferWriter
from .call_headers import arguments_head, result_head
from .python_to_wire import require, write
from .source_code import Source, leave
from .type_plans import Shapes, Uncovered
from .wire_to_python import read


class HostCodec(NamedTuple):
    """``decode`` returns the arguments by Python name, ``encode`` takes what the function returned.

    Both raise Leave where the generic codec has to do the work.
    """

    decode: Callable[[bytes], dict[str, Any]]
    encode: Callable[[object], bytes]


no_host_codec: Final = HostCodec(leave, leave)
"""The codec that always leaves the work to the generic codec."""


def compile_host_codec(export: ExportedFunction, registry: TypeRegistry) -> HostCodec:
    """Return the compiled codec of a function of a host module."""
    if sys.byteorder == "big":
        return no_host_codec
    return HostCodec(
        _compiled(_arguments, export, registry, f"<arora decoder of {export.name}'s arguments>"),
        _compiled(_result, export, registry, f"<arora encoder of {export.name}'s result>"),
    )


def _compiled(
    source: Callable[[ExportedFunction, Shapes], Source],
    export: ExportedFunction,
    registry: TypeRegistry,
    filename: str,
) -> Callable[..., Any]:
    try:
        return source(export, Shapes(registry)).function("codec", filename)
    except Uncovered:
        return leave


def _arguments(export: ExportedFunction, shapes: Shapes) -> Source:
    source = Source("codec", ["buffer"])
    reader = BufferReader(source, "buffer")
    reader.constant(arguments_head(export, len(export.parameters)))
    arguments = []
    for parameter, name in zip(export.parameters, python_names(each.name for each in export.parameters), strict=True):
        reader.constant(parameter.id.bytes)
        arguments.append(f"{name!r}: {read(reader, shapes.of(parameter.type))}")
    reader.finish()
    source.line(f"return {{{', '.join(arguments)}}}")
    return source


def _result(export: ExportedFunction, shapes: Shapes) -> Source:
    source = Source("codec", ["answer"])
    writer = BufferWriter(source)
    mutable = [each for each in export.parameters if each.mutable]
    answer = "answer"
    if mutable:
        require(writer, f"type(answer) is {source.refer('RESULT', Result)}")
        answer, mutated = source.variable("ret"), source.variable("mutated")
        source.line(f"{answer}, {mutated} = answer")
        require(writer, f"type({mutated}) is dict")
    writer.constant(result_head(export, len(mutable)))
    write(writer, shapes.of(export.ret), answer)
    for parameter in mutable:
        value = source.variable("value")
        with source.attempt(KeyError):
            source.line(f"{value} = {mutated}[{parameter.name!r}]")
        writer.constant(parameter.id.bytes)
        write(writer, shapes.of(parameter.type), value)
    writer.finish()
    return source
