"""Generation of Python source that turns objects into bytes, shape by shape."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from ..types.references import KEY_VALUE, NO_FIELD
from ..values import Kind, Tag, kinds, numeric
from .buffer_writer import BufferWriter
from .type_plans import Items, Map, Members, Number, Optional, Packed, Plain, Record, Shape, Variants


def write(writer: BufferWriter, shape: Shape, name: str) -> None:
    """Write the object in the variable ``name`` as a value, including its tag."""
    if isinstance(shape, Number):
        kind = shape.kind
        require(writer, _exact_float(kind, name) if kind.is_float else f"type({name}) is int")
        writer.constant(bytes([kind.tag]))
        writer.fixed(kind.code, name)
    elif isinstance(shape, Plain):
        _plain(writer, shape.kind, name)
    elif isinstance(shape, Record):
        writer.constant(bytes([Tag.STRUCTURE]) + shape.id.bytes)
        _fields(writer, shape, name)
    elif isinstance(shape, (Members, Variants)):
        writer.constant(bytes([Tag.ENUMERATION]) + shape.id.bytes)
        _variant(writer, shape, name)
    elif isinstance(shape, Packed):
        _packed(writer, shape, name)
    elif isinstance(shape, Items):
        _items(writer, shape, name)
    elif isinstance(shape, Optional):
        writer.constant(bytes([Tag.OPTION]))
        _maybe(writer, name, b"\0", b"\1", shape.value)
    else:
        _map(writer, shape, name)


def _exact_float(kind: Kind, name: str) -> str:
    """Return the condition that the object is a float, or an integer that is exact as one."""
    most = numeric.EXACT[kind.size]
    return f"type({name}) is float or type({name}) is int and -{most} <= {name} <= {most}"


def require(writer: BufferWriter, condition: str) -> None:
    """Raise Leave where the condition does not hold."""
    writer.source.line(f"if not ({condition}): raise Leave")


def _plain(writer: BufferWriter, kind: Kind, name: str) -> None:
    writer.constant(bytes([kind.tag]))
    if kind is kinds.UNIT:
        require(writer, f"{name} is None")
    elif kind is kinds.BOOLEAN:
        require(writer, f"{name} is True or {name} is False")
        writer.fixed(kind.code, name)
    elif kind is kinds.STRING:
        require(writer, f"type({name}) is str")
        writer.string(name)
    else:
        require(writer, f"type({name}) is {writer.source.refer('UUID', UUID)}")
        writer.fixed(kind.code, f"{name}.bytes")


def _fields(writer: BufferWriter, shape: Record, name: str) -> None:
    require(writer, f"type({name}) is {writer.source.refer('CLASS', shape.cls)}")
    writer.constant(len(shape.fields).to_bytes(4, "little"))
    for id, attribute, field in shape.fields:
        part = writer.source.variable("field")
        writer.source.line(f"{part} = {name}.{attribute}")
        writer.constant(id.bytes)
        write(writer, field, part)


def _variant(writer: BufferWriter, shape: Members | Variants, name: str) -> None:
    source = writer.source
    variant = source.variable("variant")
    if isinstance(shape, Members):
        # By identity: members live as long as the class, and hashing one would run Python code.
        raw_ids = source.refer("VARIANT_IDS", {id(member): member.value.bytes for member in shape.cls})
        with source.attempt(KeyError):
            source.line(f"{variant} = {raw_ids}[id({name})]")
        writer.fixed("16s", variant)
        writer.constant(bytes([Tag.UNIT]))
        return
    condition = "if"
    for each in shape.variants:
        cls = each.made if isinstance(each.made, type) else type(each.made)
        with source.block(f"{condition} type({name}) is {source.refer('VARIANT', cls)}:"):
            branch = writer.branch()
            branch.constant(each.id.bytes)
            if isinstance(each.made, type):
                carried = source.variable("carried")
                source.line(f"{carried} = {name}.value")
                write(branch, each.payload, carried)
            else:
                branch.constant(bytes([Tag.UNIT]))
            source.line(f"{variant} = {branch.joined()}")
            writer.padded |= branch.padded
        condition = "elif"
    source.line("else: raise Leave")
    writer.data(variant)


def _maybe(writer: BufferWriter, name: str, nothing: bytes, something: bytes, shape: Shape) -> None:
    """Write ``nothing`` for None, otherwise ``something`` and the value."""
    source = writer.source
    chosen = source.variable("chosen")
    source.line(f"if {name} is None: {chosen} = {nothing!r}")
    with source.block("else:"):
        branch = writer.branch()
        branch.constant(something)
        write(branch, shape, name)
        source.line(f"{chosen} = {branch.joined()}")
    writer.padded |= branch.padded
    writer.data(chosen)


def _packed(writer: BufferWriter, shape: Packed, name: str) -> None:
    source, items, kind = writer.source, writer.source.variable("items"), shape.kind
    if kind is kinds.BOOLEAN:
        _require_sequence(writer, name)
        require(writer, f"{source.refer('BOOLS', frozenset([bool]))}.issuperset(map(type, {name}))")
        source.line(f"{items} = bytes({name})")
    else:
        pack = source.refer("pack", numeric.packed)
        # It calls methods of the items, which may raise anything; so does the generic codec.
        with source.attempt(Exception):
            source.line(f"{items} = {pack}({source.refer('kind', kind)}, {name})")
    writer.constant(bytes([Tag.ARRAY, kind.tag]))
    if shape.length is None:
        writer.fixed("I", f"len({items}) // {kind.size}" if kind.size > 1 else f"len({items})")
    else:
        require(writer, f"len({items}) == {shape.length * kind.size}")
        writer.constant(shape.length.to_bytes(4, "little"))
    writer.pad()
    writer.data(items)


def _items(writer: BufferWriter, shape: Items, name: str) -> None:
    element = shape.element

    def item(each: BufferWriter, item: str) -> None:
        if shape.tag is Tag.VALUE:
            write(each, element, item)
        elif shape.tag is Tag.STRING:
            require(each, f"type({item}) is str")
            each.string(item)
        elif isinstance(element, Record):
            _fields(each, element, item)
        else:
            assert isinstance(element, (Members, Variants))
            _variant(each, element, item)

    _require_sequence(writer, name)
    writer.constant(bytes([Tag.ARRAY, shape.tag]))
    count = writer.source.variable("count")
    writer.fixed("I", count)
    if isinstance(element, (Record, Members, Variants)):
        writer.constant(element.id.bytes)
    _each(writer, name, count, item)
    if shape.length is not None:
        require(writer, f"{count} == {shape.length}")


def _map(writer: BufferWriter, shape: Map, name: str) -> None:
    source = writer.source

    def entry(each: BufferWriter, pair: str) -> None:
        key, carried = source.variable("key"), source.variable("carried")
        source.line(f"{key}, {carried} = {pair}")
        each.string(key)
        each.constant(NO_FIELD.bytes)
        _maybe(each, carried, bytes([Tag.UNIT]), b"", shape.value)

    require(writer, f"type({name}) is dict")
    # Checked before sorting: keys of other types may not compare.
    require(writer, f"{source.refer('STRS', frozenset([str]))}.issuperset(map(type, {name}))")
    writer.constant(bytes([Tag.KEY_VALUE]) + KEY_VALUE.bytes)
    count, pairs = source.variable("count"), source.variable("pairs")
    writer.fixed("I", count)
    source.line(f"{pairs} = sorted({name}.items())")
    _each(writer, pairs, count, entry)


def _each(writer: BufferWriter, items: str, count: str, body: Callable[[BufferWriter, str], None]) -> None:
    """Write the bytes that ``body`` generates for every item, and set the variable ``count`` to their number."""
    source = writer.source
    item, parts, at = source.variable("item"), source.variable("parts"), source.variable("at")
    with source.held_back() as lines:
        each = BufferWriter(source, 0, (at,))
        body(each, item)
        if each.padded:
            part = source.variable("part")
            source.line(f"{part} = {each.joined()}")
            source.line(f"{parts}.append({part})")
            source.line(f"{at} += len({part})")
        else:
            source.line(f"{parts}.append({each.joined()})")
    source.line(f"{parts} = []")
    if each.padded:
        writer.padded = True
        source.line(f"{at} = {writer.offset()}")
    source.line(f"for {item} in {items}:")
    source.add(lines)
    source.line(f"{count} = len({parts})")
    joined = source.variable("items")
    source.globals["join"] = b"".join
    source.line(f"{joined} = join({parts})")
    writer.data(joined)


def _require_sequence(writer: BufferWriter, name: str) -> None:
    require(writer, f"type({name}) is list or type({name}) is tuple")
