"""Faults in what becomes of arguments and results."""

from __future__ import annotations

from math import nan

from arora_core import buffers
from arora_core import values as v
from arora_core.conformance.guests import header
from arora_core.errors import MalformedBuffer

from .faults import Rewriting, mutant
from .reference import ReferenceInstance


def _arguments(argument: bytes) -> v.Structure | None:
    try:
        given = buffers.decode(argument)
    except MalformedBuffer:
        return None
    return given if isinstance(given, v.Structure) else None


def _sorted(fields: tuple[v.Field, ...]) -> list[v.Field]:
    return sorted(fields, key=lambda field: field.id.bytes)


@mutant("arguments arrive in the order given and byte for byte")
class ReordersArguments(Rewriting):
    def given(self, argument: bytes) -> bytes:
        given = _arguments(argument)
        if given is None:
            return argument
        return buffers.encode(v.Structure(given.id, _sorted(given.fields)))


@mutant("arguments left out are absent to the guest")
class FillsInAbsentArguments(Rewriting):
    def given(self, argument: bytes) -> bytes:
        given = _arguments(argument)
        export = next(each for each in header().exports if each.name == "given")
        if given is None or given.id != export.id:
            return argument
        present = {each.id for each in given.fields}
        added = [v.Field(each.id, v.U32(0)) for each in export.parameters if each.id not in present]
        return buffers.encode(v.Structure(given.id, [*given.fields, *added]))


@mutant("every scalar type is read and written by the guest", examples=50)
class CanonicalisesNaNs(Rewriting):
    def answered(self, argument: bytes, result: bytes) -> bytes:
        value = buffers.decode(result) if result[4] == 13 else None
        if not isinstance(value, v.Structure) or not value.fields:
            return result
        number = value.fields[0].value
        if not isinstance(number, (v.F32, v.F64)) or number.value == number.value:
            return result
        return result[: -len(number.raw)] + type(number)(nan).raw


@mutant("large answers arrive whole")
class TruncatesLargeAnswers(Rewriting):
    def answered(self, argument: bytes, result: bytes) -> bytes:
        return result[:100_000]


@mutant("initialize is called once and first")
class NeverInitialises(ReferenceInstance):
    def initialised(self, _: int) -> int:
        return 0
