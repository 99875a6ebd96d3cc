"""The tables by which the glue reads and writes types: ``arora_type_`` and ``arora_member_`` of ``arora_glue.h``."""

from __future__ import annotations

from collections.abc import Iterator

from ...types import EnumerationType
from ...types.registry import TypeRecord
from ...values import Tag
from ..interface import Interface
from ..shape_names import shape_name
from ..shapes import UNIT, Array, Dynamic, Map, Optional, Record, Scalar, Shape
from .names import Names, is_boxed, pointee, used_shapes
from .text import assigned, literal, packed, uuid
from .type_declarations import is_constant
from .wire_sizes import WireSizes


class TypeTables:
    """The tables of one module. A table's name has two underscores in a row, as no name of the module's header does."""

    def __init__(self, interface: Interface, names: Names) -> None:
        self._interface = interface
        self._names = names
        self._sizes = WireSizes(interface)
        self._written: set[str] = set()

    def name(self, shape: Shape, boxed: bool = False) -> str:
        """Return the name of a shape's table, without ``__type``."""
        if boxed:
            return f"{self.name(pointee(shape))}__boxed{'_option' if isinstance(shape, Optional) else ''}"
        if isinstance(shape, Array):
            return f"{self.name(shape.item)}__array{'' if shape.length is None else f'_{shape.length}'}"
        if isinstance(shape, (Optional, Map)):
            return f"{self.name(shape.value)}__{'option' if isinstance(shape, Optional) else 'map'}"
        return self._names.stem(shape)

    def tables(self) -> Iterator[list[str]]:
        """Yield all tables, as lines."""
        records = self._interface.records
        # Records can contain themselves, and options can contain records that come later.
        if records:
            yield [f"static const arora_type_ {self._names.record(each)}__type;" for each in records]
        for shape in used_shapes(self._interface):
            yield from self._parts(shape)
        for record in records:
            yield from self._record(record)

    def member(self, id: str, name: str, table: str, owner: str, field: str, fallback: str = "NULL") -> list[str]:
        """Return the initializer of an ``arora_member_``. ``field`` is the member of ``owner``, if it has one."""
        offset = f"offsetof({owner}, {field})" if field else "0"
        return packed("    {", [id, literal(name), f"&{table}__type", offset, fallback], "},")

    def _once(self, name: str, macro: str, items: list[str]) -> Iterator[list[str]]:
        if name not in self._written:
            self._written.add(name)
            yield assigned(f"static const arora_type_ {name}__type", macro, items)

    def _parts(self, shape: Shape) -> Iterator[list[str]]:
        """Yield the tables of a shape that is made of others, after those."""
        if isinstance(shape, (Scalar, Dynamic, Record)):
            return
        held = shape.item if isinstance(shape, Array) else shape.value
        yield from self._parts(held)
        made = [self._names.type(shape), self.name(held)]
        if isinstance(shape, Array):
            count = "ARORA_ANY_COUNT_" if shape.length is None else f"{shape.length}u"
            made += [literal(shape_name(shape.item)), _tag(shape.tag), count, f"{self._sizes.item(shape)}u"]
        macro = "ARRAY" if isinstance(shape, Array) else "OPTION" if isinstance(shape, Optional) else "MAP"
        yield from self._once(self.name(shape), f"ARORA_{macro}_", made)

    def _box(self, shape: Shape) -> Iterator[list[str]]:
        macro = "ARORA_BOXED_OPTION_" if isinstance(shape, Optional) else "ARORA_BOX_"
        yield from self._once(self.name(shape, boxed=True), macro, [self.name(pointee(shape))])

    def _record(self, record: TypeRecord) -> Iterator[list[str]]:
        owner = self._names.record(record)
        lines: list[str] = []
        payloads = isinstance(record, EnumerationType)
        shapes = self._interface.members[record.id]
        for member, shape, field in zip(record.members, shapes, self._names.members(record), strict=True):
            boxed = is_boxed(record, member, shape, self._interface)
            if boxed:
                yield from self._box(shape)
            table = self.name(shape, boxed)
            at = (f"as.{field}" if shape != UNIT else "") if payloads else field
            lines += self.member(uuid(member.id), member.name, table, owner, at)
        # C has no array without items.
        members = f"{owner}__members" if lines else "NULL"
        if lines:
            yield [f"static const arora_member_ {members}[] = {{", *lines, "};"]
        items = [owner, members, literal(record.path), uuid(record.id), f"{len(record.members)}u"]
        if payloads:
            tag = owner if is_constant(record, self._interface) else f"(({owner} *)0)->variant"
            items.insert(1, tag)
        macro = "ARORA_VARIANTS_" if payloads else "ARORA_FIELDS_"
        yield assigned(f"static const arora_type_ {owner}__type", macro, items)


def _tag(tag: Tag) -> str:
    """Return the name of an element tag in ``arora.h``."""
    return f"ARORA_{'DYNAMIC' if tag is Tag.VALUE else tag.name}"
