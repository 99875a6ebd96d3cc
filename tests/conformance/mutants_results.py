"""Faults in finding functions and in returning results."""

from __future__ import annotations

from arora_core import buffers
from arora_core import values as v
from arora_core.errors import FunctionNotFound, MalformedBuffer, Trap, TrapKind
from arora_core.linear_memory import BufferCall

from .faults import Rewriting, mutant
from .reference import ReferenceInstance


def _result(buffer: bytes) -> v.Structure | None:
    try:
        value = buffers.decode(buffer)
    except MalformedBuffer:
        return None
    return value if isinstance(value, v.Structure) else None


@mutant("mutable parameters come back")
class LosesMutableParameters(Rewriting):
    def rewrite_result(self, argument: bytes, result: bytes) -> bytes:
        value = _result(result)
        return result if value is None else buffers.encode(v.Structure(value.id, value.fields[:1]))


@mutant("a function without a return value answers unit")
class LosesUnitResults(Rewriting):
    def rewrite_result(self, argument: bytes, result: bytes) -> bytes:
        value = _result(result)
        if value is None or not value.fields or not isinstance(value.fields[0].value, v.Unit):
            return result
        return buffers.encode(v.Structure(value.id, value.fields[1:]))


@mutant("text may hold zeros and characters of any length")
class EndsTextAtItsFirstZero(Rewriting):
    def rewrite_result(self, argument: bytes, result: bytes) -> bytes:
        value = _result(result)
        if value is None or not value.fields or not isinstance(value.fields[0].value, v.String):
            return result
        text = v.String(value.fields[0].value.value.partition("\0")[0])
        return buffers.encode(v.Structure(value.id, [(value.fields[0].id, text), *value.fields[1:]]))


@mutant("every array type is read and written by the guest")
class LosesTheLastItem(Rewriting):
    def rewrite_result(self, argument: bytes, result: bytes) -> bytes:
        value = _result(result)
        array = value.fields[0].value if value is not None and value.fields else None
        if value is None or not isinstance(array, v.ArrayBoolean) or not array.items:
            return result
        return buffers.encode(v.Structure(value.id, [(value.id, v.ArrayBoolean(array.items[:-1]))]))


@mutant("a bound function and a dispatch do the same", everywhere=True)
class BindsTheFirstFunction(ReferenceInstance):
    def function(self, function_id: bytes) -> BufferCall:
        super().function(function_id)
        return super().function(next(iter(self._functions)))

    def dispatch(self, function_id: bytes, argument: bytes) -> bytes:
        return super().function(function_id)(argument)


@mutant("a function that is not exported is not found")
class ReturnsErrorsForUnknownFunctions(ReferenceInstance):
    def dispatch(self, function_id: bytes, argument: bytes) -> bytes:
        try:
            return super().dispatch(function_id, argument)
        except FunctionNotFound as error:
            return buffers.encode_error(str(error))


@mutant("an answer that breaks the abi is a trap to a raw call as well")
class TrustsRawResults(ReferenceInstance):
    """Leaves checking the result to the decoder."""

    def wrap_call(self, call: BufferCall) -> BufferCall:
        wrapped = super().wrap_call(call)

        def trusting(argument: bytes) -> bytes:
            try:
                return wrapped(argument)
            except Trap as trap:
                if trap.kind is TrapKind.ABI:
                    return b"\0\0\0\0"
                raise

        return trusting
