"""Faults in passing arguments and results."""

from __future__ import annotations

from dataclasses import replace
from math import nan

from arora_core import buffers
from arora_core import values as v
from arora_core.conformance.guests import header
from arora_core.errors import MalformedBuffer
from arora_core.executor import Host, Instance, Limits
from arora_core.header import ModuleDefinition
from arora_core.linear_memory import BufferCall

from .faults import Fault, Rewriting, add, mutant
from .reference import ReferenceExecutor, ReferenceInstance


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
    def rewrite_argument(self, argument: bytes) -> bytes:
        given = _arguments(argument)
        if given is None:
            return argument
        return buffers.encode(v.Structure(given.id, _sorted(given.fields)))


@mutant("arguments left out are absent to the guest")
class FillsInAbsentArguments(Rewriting):
    def rewrite_argument(self, argument: bytes) -> bytes:
        given = _arguments(argument)
        export = next(each for each in header().exports if each.name == "given")
        if given is None or given.id != export.id:
            return argument
        present = {each.id for each in given.fields}
        added = [v.Field(each.id, v.U32(0)) for each in export.parameters if each.id not in present]
        return buffers.encode(v.Structure(given.id, [*given.fields, *added]))


def _quieted(value: v.Value) -> v.Value:
    """Return the value with quiet NaNs instead of signalling ones: the first bit of the mantissa is set."""
    if isinstance(value, (v.F32, v.F64)) and value.value != value.value:
        raw, quiet = value.raw, 6 if isinstance(value, v.F32) else 3
        return v.float_from_raw(type(value), raw[:-2] + bytes([raw[-2] | 1 << quiet]) + raw[-1:])
    if isinstance(value, (v.ArrayF32, v.ArrayF64)):
        cls, size = (v.F32, 4) if isinstance(value, v.ArrayF32) else (v.F64, 8)
        each = (v.float_from_raw(cls, value.raw[at : at + size]) for at in range(0, len(value.raw), size))
        return v.from_raw(type(value), b"".join(_quieted(number).raw for number in each))  # type: ignore[attr-defined]
    return value


class _QuietingNaNs(Rewriting):
    """Quiets the NaNs in the first field of a buffer: in a scalar, or if ``arrays`` in an array."""

    arrays = False

    def quieted(self, buffer: bytes) -> bytes:
        value = _arguments(buffer)
        if value is None or not value.fields or isinstance(value.fields[0].value, v.NumberArray) != self.arrays:
            return buffer
        first, *others = value.fields
        return buffers.encode(v.Structure(value.id, [v.Field(first.id, _quieted(first.value)), *others]))


@mutant("every nan keeps its sign and payload")
class QuietsNaNsInResults(_QuietingNaNs):
    def rewrite_result(self, argument: bytes, result: bytes) -> bytes:
        return self.quieted(result)


@mutant("every nan keeps its sign and payload")
class QuietsNaNsInArrays(_QuietingNaNs):
    arrays = True

    def rewrite_result(self, argument: bytes, result: bytes) -> bytes:
        return self.quieted(result)


@mutant("every nan keeps its sign and payload")
class QuietsNaNsInArguments(_QuietingNaNs):
    def rewrite_argument(self, argument: bytes) -> bytes:
        return self.quieted(argument)


@mutant("every nan keeps its sign and payload")
class CanonicalisesNaNs(Rewriting):
    def rewrite_result(self, argument: bytes, result: bytes) -> bytes:
        value = buffers.decode(result) if result[4] == 13 else None
        if not isinstance(value, v.Structure) or not value.fields:
            return result
        number = value.fields[0].value
        if not isinstance(number, (v.F32, v.F64)) or number.value == number.value:
            return result
        return result[: -len(number.raw)] + type(number)(nan).raw


@mutant("a guest keeps its state between calls", max_others=40)
class MakesCallsTwice(ReferenceInstance):
    def wrap_call(self, call: BufferCall) -> BufferCall:
        wrapped = super().wrap_call(call)

        def twice(argument: bytes) -> bytes:
            wrapped(argument)
            return wrapped(argument)

        return twice


@mutant("large answers arrive whole")
class TruncatesLargeResults(Rewriting):
    def rewrite_result(self, argument: bytes, result: bytes) -> bytes:
        return result[:100_000]


@mutant("initialize is called once and first")
class NeverInitialises(ReferenceInstance):
    def initialise(self, _: int) -> int:
        return 0


@mutant("initialize is called once and first")
class InitialisesLate(ReferenceInstance):
    """Allocates a block before it calls ``_initialize``."""

    def initialise(self, _: int) -> int:
        self.free(self.allocate(256))
        return super().initialise(_)


class OffersFunctionsTheHeaderLeavesOut(ReferenceExecutor):
    """Offers every function that the executable exports."""

    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        super().load(definition, host, limits).close()
        known = {each.id for each in definition.header.exports}
        more = tuple(each for each in header().exports if each.id not in known)
        whole = replace(definition.header, exports=definition.header.exports + more)
        return self.instance(replace(definition, header=whole), host, limits)


add(OffersFunctionsTheHeaderLeavesOut, Fault("a function that the header leaves out is not found"))
