"""Generation of Python source that turns bytes into objects, shape by shape."""

from __future__ import annotations

import struct
from array import array
from uuid import UUID

from ..values import Kind, Tag, kinds
from .buffer_reader import BufferReader
from .type_plans import Items, Map, Members, Number, Optional, Packed, Plain, Record, Shape, Variants


def read(reader: BufferReader, shape: Shape) -> str:
    """Read a value, including its tag; return the expression for the Python object."""
    if isinstance(shape, Number):
        reader.constant(bytes([shape.kind.tag]))
        return reader.fixed(shape.kind.code)
    if isinstance(shape, Plain):
        return _plain(reader, shape.kind)
    if isinstance(shape, Record):
        reader.constant(bytes([Tag.STRUCTURE]) + shape.id.bytes)
        return _fields(reader, shape)
    if isinstance(shape, (Members, Variants)):
        reader.constant(bytes([Tag.ENUMERATION]) + shape.id.bytes)
        return _variant(reader, shape)
    if isinstance(shape, Packed):
        return _packed(reader, shape)
    if isinstance(shape, Items):
        return _items(reader, shape)
    if isinstance(shape, Optional):
        return _option(reader, shape)
    return _map(reader, shape)


def _plain(reader: BufferReader, kind: Kind) -> str:
    reader.constant(bytes([kind.tag]))
    if kind is kinds.UNIT:
        return "None"
    if kind is kinds.BOOLEAN:
        return reader.fixed(kind.code)
    if kind is kinds.STRING:
        return reader.string()
    return f"{reader.source.refer('UUID', UUID)}(bytes={reader.fixed(kind.code)})"


def _fields(reader: BufferReader, shape: Record) -> str:
    reader.constant(len(shape.fields).to_bytes(4, "little"))
    fields = []
    for id, _, field in shape.fields:
        reader.constant(id.bytes)
        fields.append(read(reader, field))
    return f"{reader.source.refer('CLASS', shape.cls)}({', '.join(fields)})"


def _variant(reader: BufferReader, shape: Members | Variants) -> str:
    source, variant = reader.source, reader.fixed("16s", "variant")
    if isinstance(shape, Members):
        reader.constant(bytes([Tag.UNIT]))
        # Not in a ``try``: the expression may be part of another one.
        source.relies_on(KeyError)
        return f"{source.refer('MEMBERS', {member.value.bytes: member for member in shape.cls})}[{variant}]"
    at, chosen = reader.settle(), source.variable("chosen")
    condition = "if"
    for each in shape.variants:
        with source.block(f"{condition} {variant} == {source.refer('ID', each.id.bytes)}:"):
            reader.back_to(at)
            made = source.refer("VARIANT", each.made)
            if isinstance(each.made, type):
                source.line(f"{chosen} = {made}({_settled(reader, each.payload, at)})")
            else:
                _settled(reader, each.payload, at)
                source.line(f"{chosen} = {made}")
        condition = "elif"
    source.line("else: raise Leave")
    return chosen


def _settled(reader: BufferReader, shape: Shape, at: str) -> str:
    """Read a value inside a branch or a loop, and advance the settled offset past it."""
    made = read(reader, shape)
    reader.move(at)
    return made


def _option(reader: BufferReader, shape: Optional) -> str:
    source = reader.source
    reader.constant(bytes([Tag.OPTION]))
    presence, at, chosen = reader.fixed("B", "presence"), reader.settle(), source.variable("chosen")
    source.line(f"if {presence} == 0: {chosen} = None")
    with source.block(f"elif {presence} == 1:"):
        source.line(f"{chosen} = {_settled(reader, shape.value, at)}")
    source.line("else: raise Leave")
    return chosen


def _packed(reader: BufferReader, shape: Packed) -> str:
    source, kind = reader.source, shape.kind
    reader.constant(bytes([Tag.ARRAY, kind.tag]))
    start, stop = reader.packed(_count(reader, shape), kind.size)
    items = source.variable("items")
    packed = f"{reader.buffer}[{start}:{stop}]"
    if kind is kinds.BOOLEAN:
        source.line(f"{items} = list(map(bool, {packed}))")
    elif kind is kinds.U8:
        source.line(f"{items} = bytes({packed})")
    else:
        source.globals["array"] = array
        source.line(f"{items} = array({kind.code!r})")
        # Through a memoryview, so that the items are copied only once, from the buffer into the array.
        source.line(f"{items}.frombytes(memoryview({reader.buffer})[{start}:{stop}])")
    return items


def _items(reader: BufferReader, shape: Items) -> str:
    element = shape.element
    reader.constant(bytes([Tag.ARRAY, shape.tag]))
    count = _count(reader, shape)
    if isinstance(element, (Record, Members, Variants)):
        reader.constant(element.id.bytes)
    source, at = reader.source, reader.settle()
    items = source.variable("items")
    with source.held_back() as lines:
        made = _element(reader, shape)
        of_fixed_size = not lines
        if not of_fixed_size:
            reader.move(at)
            source.line(f"{items}.append({made})")
    if of_fixed_size:
        _rows(reader, items, made, count, at)
    else:
        source.line(f"{items} = []")
        source.line(f"for _ in range({count}):")
        source.add(lines)
    return items


def _count(reader: BufferReader, shape: Packed | Items) -> str:
    if shape.length is None:
        return reader.fixed("I", "count")
    reader.constant(shape.length.to_bytes(4, "little"))
    return str(shape.length)


def _rows(reader: BufferReader, items: str, made: str, count: str, at: str) -> None:
    """Read elements of one fixed size with a single Struct."""
    source, run = reader.source, reader.take_run()
    start, stop = reader.stretch(at, f"{count} * {run.size}")
    target, conditions = reader.names(run)
    rows = source.refer("rows", struct.Struct(run.format).iter_unpack)
    source.line(f"{items} = [")
    source.line(f"    {made}")
    source.line(f"    for {target} in {rows}(memoryview({reader.buffer})[{start}:{stop}])")
    source.line(f"    if {' and '.join(conditions)}")
    source.line("]")
    source.line(f"if len({items}) != {count}: raise Leave")


def _element(reader: BufferReader, shape: Items) -> str:
    if shape.tag is Tag.VALUE:
        return read(reader, shape.element)
    if shape.tag is Tag.STRING:
        return reader.string()
    if isinstance(shape.element, Record):
        return _fields(reader, shape.element)
    assert isinstance(shape.element, (Members, Variants))
    return _variant(reader, shape.element)


def _map(reader: BufferReader, shape: Map) -> str:
    """Read a map. Its id and the ids of its fields are ignored: they have no meaning."""
    source = reader.source
    reader.constant(bytes([Tag.KEY_VALUE]))
    reader.skipped(16)
    count, at, entries = reader.fixed("I", "count"), reader.settle(), source.variable("entries")
    source.line(f"{entries} = {{}}")
    with source.block(f"for _ in range({count}):"):
        key, chosen, tag = reader.string(), source.variable("chosen"), source.variable("tag")
        reader.skipped(16)
        reader.move(at)
        with source.attempt(IndexError):
            source.line(f"{tag} = {reader.buffer}[{at}]")
        with source.block(f"if {tag} == {Tag.UNIT:d}:"):
            source.line(f"{chosen} = None")
            source.line(f"{at} += 1")
        with source.block("else:"):
            source.line(f"{chosen} = {_settled(reader, shape.value, at)}")
        source.line(f"{entries}[{key}] = {chosen}")
    # Sorted by key, as the generic codec returns them.
    return f"dict(sorted({entries}.items()))"
