"""What is known of a function's columns before its first batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from ..binding.leave import Leave
from ..compiled.call_headers import arguments_head, result_head
from ..compiled.type_plans import (
    Items,
    Map,
    Members,
    Number,
    Optional,
    Packed,
    Plain,
    Record,
    Shape,
    Shapes,
    Uncovered,
    Variants,
)
from ..header import ExportedFunction
from ..rows import Forms, RowForm
from ..types import TypeRef, TypeRegistry
from ..values import kinds
from .argument_columns import Part
from .argument_packing import ArgumentPacking
from .fixed_rows import FixedRows
from .form_builder import FormBuilder
from .result_columns import ResultColumn, add_to_form, result_column

_LARGEST: Final = 1 << 13
"""Bytes of the fields of the largest rows that are worth a loop: larger ones are copied less often one by one."""


class Usual(NamedTuple):
    """What the usual results of rows have in common."""

    form: RowForm
    shapes: tuple[Shape, ...]
    """The shapes of the return value and of each mutable parameter, in which all arrays have a length."""


class Plan(NamedTuple):
    """The shapes of one function's parameters and results; None where a type is not covered."""

    export: ExportedFunction
    parameters: tuple[Shape | None, ...]
    ret: Shape | None
    mutable: tuple[tuple[str, Shape | None], ...]
    """The mutable parameters: name and shape."""
    usual: Usual | None
    """What its results have in common; None where they have nothing, or where that has to be learned from a result."""
    is_learned: bool
    """Whether results that have arrays of the same length have a form."""

    def results(self, count: int, *, as_lists: bool) -> list[ResultColumn]:
        """Return new columns: of the return value, and of each mutable parameter."""
        shapes = [self.ret, *(shape for _, shape in self.mutable)]
        return [result_column(shape, count, as_list=as_lists) for shape in shapes]

    def may_be_fixed(self, given: Sequence[int]) -> bool:
        """Return whether rows that give the parameters at these positions can have buffers of one form."""
        if self.usual is None and not self.is_learned:
            return False
        return all(_may_be_fixed(self.parameters[index]) for index in given)

    def learned(self, answers: Sequence[Any]) -> Usual | None:
        """Return what results have in common with one whose return value and mutable parameters are ``answers``."""
        shapes = [self.ret, *(shape for _, shape in self.mutable)]
        found = [_with_lengths(shape, answer) for shape, answer in zip(shapes, answers, strict=True)]
        return _usual(self.export, found)

    def rows(self, usual: Usual, parts: Sequence[tuple[int, Part]], count: int, left: int) -> FixedRows:
        """Return ``count`` rows that give these parts, each by the position of its parameter.

        Raises Leave where their buffers have no common form, or a value does not fit.
        """
        packing = ArgumentPacking(count)
        packing.form.constant(arguments_head(self.export, len(parts)))
        for index, part in parts:
            shape = self.parameters[index]
            if shape is None:
                raise Leave
            packing.form.constant(self.export.parameters[index].id.bytes)
            packing.add(shape, part)
        rows = FixedRows(Forms(packing.form.finish(), usual.form), packing.leaves, count, left)
        if rows.size > _LARGEST:
            raise Leave
        return rows


def plan_of(export: ExportedFunction, registry: TypeRegistry) -> Plan:
    """Return the plan of a function."""
    parameters = tuple(_shape(each.type, registry) for each in export.parameters)
    ret = _shape(export.ret, registry)
    mutable = tuple(
        (each.name, shape) for each, shape in zip(export.parameters, parameters, strict=True) if each.mutable
    )
    shapes = [ret, *(shape for _, shape in mutable)]
    usual = _usual(export, shapes)
    return Plan(export, parameters, ret, mutable, usual, usual is None and all(map(_is_learned, shapes)))


def _shape(type: TypeRef, registry: TypeRegistry) -> Shape | None:
    try:
        return Shapes(registry).of(type)
    except Uncovered:
        return None


def _usual(export: ExportedFunction, shapes: Sequence[Shape | None]) -> Usual | None:
    """Return what results of these shapes have in common, None if that is not enough."""
    mutable = [each.id.bytes for each in export.parameters if each.mutable]
    form = FormBuilder()
    form.constant(result_head(export, len(mutable)))
    known = []
    try:
        for before, shape in zip((b"", *mutable), shapes, strict=True):
            if shape is None:
                return None
            form.constant(before)
            add_to_form(form, shape)
            known.append(shape)
    except Uncovered:
        return None
    return Usual(form.finish(), tuple(known))


def _is_learned(shape: Shape | None) -> bool:
    """Return whether values of a shape have one form, once the lengths of their arrays are known."""
    if isinstance(shape, Record):
        return all(_is_learned(field) for _, _, field in shape.fields)
    return isinstance(shape, (Number, Members, Packed)) or (isinstance(shape, Plain) and shape.kind is not kinds.STRING)


def _with_lengths(shape: Shape | None, example: Any) -> Shape | None:
    """Return the shape of values whose number arrays are as long as those of an example."""
    if isinstance(shape, Packed) and shape.length is None:
        return shape._replace(length=len(example))
    if isinstance(shape, Record) and _is_learned(shape) and type(example) is shape.cls:
        fields = []
        for id, attribute, field in shape.fields:
            found = _with_lengths(field, getattr(example, attribute))
            assert found is not None
            fields.append((id, attribute, found))
        return shape._replace(fields=tuple(fields))
    return shape


def _may_be_fixed(shape: Shape | None) -> bool:
    if isinstance(shape, Record):
        return all(_may_be_fixed(field) for _, _, field in shape.fields)
    if isinstance(shape, Optional):
        return _may_be_fixed(shape.value)
    if isinstance(shape, Plain):
        return shape.kind is not kinds.STRING
    return shape is not None and not isinstance(shape, (Items, Map, Variants))
