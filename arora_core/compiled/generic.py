"""Compiled codecs of generic calls: values by parameter id in, a CallResult out.

Compiled code writes and reads values of well-known types itself. It checks any other value against its type and calls
the generic codec for that part of the buffer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, NamedTuple
from uuid import UUID

from .. import values as v
from ..buffers.decoding import decode_at
from ..buffers.encoding import encode_at
from ..calls import CallResult, result_of
from ..errors import MalformedBuffer
from ..header import ExportedFunction
from ..types import TypeMismatch, TypeRef, TypeRegistry, carrier, validate
from .buffer_reader import BufferReader
from .buffer_writer import BufferWriter
from .call_headers import arguments_head, result_head
from .source_code import Source, leave

_new: Final = object.__new__
_set: Final = object.__setattr__


class CompiledValues(NamedTuple):
    """The two directions of one function's generic calls. Both raise Leave where the generic codec has to take over."""

    encode: Callable[[Mapping[UUID, v.Value]], bytes]
    decode: Callable[[bytes], CallResult]


no_values: Final = CompiledValues(leave, leave)
"""The codec that always leaves the work to the generic codec."""


def compile_values(export: ExportedFunction, registry: TypeRegistry) -> CompiledValues:
    """Return the compiled codec of one function's generic calls."""
    encoder, decoder = _encoder(export, registry), _decoder(export, registry)
    return CompiledValues(
        encoder.function("codec", f"<arora values encoder of {export.name}>"),
        decoder.function("codec", f"<arora values decoder of {export.name}>"),
    )


# --- arguments -----------------------------------------------------------------------------------


def _encoder(export: ExportedFunction, registry: TypeRegistry) -> Source:
    source = Source("codec", ["args"])
    source.line(f"if len(args) != {len(export.parameters)}: raise Leave")
    writer = BufferWriter(source)
    writer.constant(arguments_head(export, len(export.parameters)))
    for parameter in export.parameters:
        value = source.variable("value")
        with source.attempt(KeyError):
            source.line(f"{value} = args[{source.refer('ID', parameter.id)}]")
        writer.constant(parameter.id.bytes)
        _write(writer, parameter.type, value, registry)
    writer.finish()
    return source


def _write(writer: BufferWriter, ref: TypeRef, name: str, registry: TypeRegistry) -> None:
    source, cls = writer.source, carrier(ref)
    if cls not in _IN_PLACE:
        check = source.refer("check", partial(validate, ref=ref, registry=registry))
        part = source.variable("part")
        with source.attempt(TypeError, ValueError):
            source.line(f"{check}({name})")
            source.line(f"{part} = {source.refer('encode_at', encode_at)}({name}, {writer.offset()})")
        writer.data(part)
        return
    source.line(f"if type({name}) is not {source.refer('CLASS', cls)}: raise Leave")
    writer.constant(bytes([cls.tag]))
    if issubclass(cls, v.NumberArray):
        items = source.variable("items")
        source.line(f"{items} = {name}.raw")
        writer.constant(bytes([cls.element_tag]))
        writer.fixed("I", f"len({items}) // {cls.kind.size}")
        writer.pad()
        writer.data(items)
    elif issubclass(cls, v.Float):
        writer.fixed(f"{cls.kind.size}s", f"{name}.raw")
    elif issubclass(cls, (v.Integer, v.Boolean)):
        writer.fixed(cls.kind.code, f"{name}.value")
    elif cls is v.String:
        writer.string(f"{name}.value")
    elif cls is v.Uuid:
        writer.fixed(cls.kind.code, f"{name}.value.bytes")


# --- results -------------------------------------------------------------------------------------


def _decoder(export: ExportedFunction, registry: TypeRegistry) -> Source:
    source = Source("codec", ["buffer"])
    source.globals.update(new=_new, set=_set, result_of=result_of)
    reader = BufferReader(source, "buffer")
    mutable = [each for each in export.parameters if each.mutable]
    reader.constant(result_head(export, len(mutable)))
    makers = [_read(reader, export.ret, registry)]
    for parameter in mutable:
        reader.constant(parameter.id.bytes)
        makers.append(_read(reader, parameter.type, registry))
    reader.finish()
    ret, *mutated = [make() for make in makers]
    by_id = [f"{source.refer('ID', parameter.id)}: {value}" for parameter, value in zip(mutable, mutated, strict=True)]
    source.line(f"return result_of({ret}, {{{', '.join(by_id)}}})")
    return source


def _read(reader: BufferReader, ref: TypeRef, registry: TypeRegistry) -> Callable[[], str]:
    """Read a value; return a function to call once its bytes have been unpacked, which returns its expression."""
    source, cls = reader.source, carrier(ref)
    if cls not in _IN_PLACE:
        value, at = source.variable("value"), reader.settle()
        check = source.refer("check", partial(validate, ref=ref, registry=registry))
        with source.attempt(MalformedBuffer, TypeMismatch):
            source.line(f"{value}, {at} = {source.refer('decode_at', decode_at)}({reader.buffer}, {at})")
            source.line(f"{check}({value})")
        return lambda: value
    reader.constant(bytes([cls.tag]))
    if cls is v.Unit:
        return lambda: source.refer("UNIT", v.Unit())
    if issubclass(cls, v.NumberArray):
        return _numbers(reader, cls)
    if issubclass(cls, v.Float):
        raw = reader.fixed(f"{cls.kind.size}s")
        return lambda: f"{source.refer('float_from_raw', v.float_from_raw)}({source.refer('CLASS', cls)}, {raw})"
    if cls is v.String:
        held = reader.string()
    elif cls is v.Uuid:
        held = f"{source.refer('UUID', UUID)}(bytes={reader.fixed(cls.kind.code)})"
    else:
        held = reader.fixed(cls.kind.code)

    def make() -> str:
        value = source.variable("value")
        source.line(f"{value} = new({source.refer('CLASS', cls)})")
        source.line(f"set({value}, 'value', {held})")
        return value

    return make


def _numbers(reader: BufferReader, cls: type[v.NumberArray]) -> Callable[[], str]:
    source = reader.source
    reader.constant(bytes([cls.element_tag]))
    start, stop = reader.packed(reader.fixed("I", "count"), cls.kind.size)
    raw = source.variable("raw")
    source.line(f"{raw} = {reader.buffer}[{start}:{stop}]")
    return lambda: f"{source.refer('from_raw', v.from_raw)}({source.refer('CLASS', cls)}, {raw})"


_IN_PLACE: Final[frozenset[type[v.Value]]] = frozenset({v.Unit, *v.SCALARS, *v.NUMBER_ARRAYS})
