"""Argument and result buffers of a function (ABI §3), from and to plain Python or values.

Everything that depends only on the header is looked up when the signature is created.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from .. import values as v
from ..buffers import error_message
from ..calls import CallResult, Result
from ..codec import Codec
from ..errors import ArgumentError, GuestError, MalformedBuffer, Trap, TrapKind
from ..header import ExportedFunction, Parameter
from ..types import TypeMismatch, TypeRegistry, carrier, type_name, validate
from .conversion import Conversions
from .converter import Converter
from .python_names import NameTable


class _Parameter(NamedTuple):
    declared: Parameter
    python: str
    """Its Python name."""
    converter: Converter
    carrier: type[v.Value] | None
    """The class whose instances are exactly the values of the type, if there is one: they need no validation."""


class Signature:
    """The signature of one exported function, and the conversion of its buffers."""

    def __init__(
        self, export: ExportedFunction, registry: TypeRegistry, conversions: Conversions, codec: Codec
    ) -> None:
        self._export = export
        self.registry = registry
        self._codec = codec
        self._names = NameTable(each.name for each in export.parameters)
        self._parameters = [
            _Parameter(each, python, conversions.of(each.type), carrier(each.type))
            for each, python in zip(export.parameters, self._names.python, strict=True)
        ]
        self._with_default = [each for each in self._parameters if each.declared.default_value is not None]
        self._by_id = {each.declared.id: each for each in self._parameters}
        self._mutable = {each.declared.id: each for each in self._parameters if each.declared.mutable}
        self._ret = conversions.of(export.ret)
        self._ret_carrier = carrier(export.ret)

    def __str__(self) -> str:
        """Return ``forward(joints: f64[]) -> kinematics.Pose``, with mutable parameters marked ``mutable``."""
        parameters = ", ".join(
            f"{'mutable ' if each.mutable else ''}{each.name}: {type_name(each.type, self.registry)}"
            for each in self._export.parameters
        )
        return f"{self._export.name}({parameters}) -> {type_name(self._export.ret, self.registry)}"

    def bind(self, args: Sequence[object], kwargs: Mapping[str, object]) -> list[object]:
        """Return the argument for each parameter, in declared order. Raises ArgumentError."""
        if len(args) > len(self._parameters):
            takes = f"{len(self._parameters)} argument{'' if len(self._parameters) == 1 else 's'}"
            raise ArgumentError(f"{self} takes {takes}, got {len(args)}")
        bound = [*args, *[ABSENT] * (len(self._parameters) - len(args))]
        for name, argument in kwargs.items():
            index = self._names.index_of.get(name)
            if index is None:
                raise ArgumentError(f"{self} has no such parameter", parameter=name)
            if bound[index] is not ABSENT:
                raise ArgumentError("given twice", parameter=name)
            bound[index] = argument
        return bound

    @property
    def python_names(self) -> Sequence[str]:
        """The parameters' names in Python, in declared order."""
        return self._names.python

    # --- for callers: encode arguments, decode results ---------------------------------------------

    def encode_call(self, args: Sequence[object], kwargs: Mapping[str, object]) -> bytes:
        """Return the argument buffer of a typed call. Raises ArgumentError.

        An argument left out is replaced by the declared default, or missing from the buffer if there is none.
        """
        fields = []
        for parameter, argument in zip(self._parameters, self.bind(args, kwargs), strict=True):
            if argument is not ABSENT:
                fields.append((parameter.declared.id, self._argument(parameter, argument)))
            elif parameter.declared.default_value is not None:
                fields.append((parameter.declared.id, parameter.declared.default_value))
        return self._encode(fields)

    def decode_result(self, buffer: bytes) -> Any:
        """Return the result of a typed call: the return value, or a ``Result`` if parameters are mutable.

        Raises GuestError for an error buffer, and Trap of kind ABI for a buffer that does not match the signature.
        """
        ret, mutated = self._open_result(buffer)
        try:
            returned = self._ret.to_python(ret)
        except TypeMismatch as mismatch:
            raise _abi_trap(f"its return value does not fit {self}: {mismatch}") from None
        if not self._mutable:
            return returned
        return Result(
            returned, {self._by_id[id].declared.name: self._mutated(id, value) for id, value in mutated.items()}
        )

    def encode_values(self, args: Mapping[UUID, v.Value]) -> bytes:
        """Return the argument buffer of a generic call, in declared order. Raises ArgumentError."""
        for id, value in args.items():
            parameter = self._by_id.get(id)
            if parameter is None:
                raise ArgumentError(f"{self} has no parameter {id}", parameter=str(id))
            if type(value) is not parameter.carrier:
                self._validated(parameter.declared, value)
        return self._encode([(id, args[id]) for id in self._by_id if id in args])

    def decode_values(self, buffer: bytes) -> CallResult:
        """Return the result of a generic call. Raises as ``decode_result`` does."""
        ret, mutated = self._open_result(buffer)
        try:
            if type(ret) is not self._ret_carrier:
                validate(ret, self._export.ret, self.registry)
            for id, value in mutated.items():
                validate(value, self._by_id[id].declared.type, self.registry)
        except TypeMismatch as mismatch:
            raise _abi_trap(f"its result does not fit {self}: {mismatch}") from None
        return CallResult(ret, mutated)

    # --- for host functions: decode arguments, encode results --------------------------------------

    def decode_call(self, buffer: bytes) -> dict[str, Any]:
        """Return the arguments in an argument buffer by Python name.

        An argument left out is replaced by the declared default, or missing if there is none.
        Raises ArgumentError, which reaches the calling guest as an error buffer.
        """
        try:
            argument = self._codec.decode(buffer)
        except MalformedBuffer as error:
            raise ArgumentError(f"the argument buffer is malformed: {error}") from error
        if not isinstance(argument, v.Structure) or argument.id != self._export.id:
            raise ArgumentError("the argument buffer is not one of this function")
        arguments = {}
        for id, value in argument.fields:
            parameter = self._by_id.get(id)
            if parameter is None:
                raise ArgumentError(f"{self} has no parameter {id}", parameter=str(id))
            arguments[parameter.python] = self._to_python(parameter, value)
        for parameter in self._with_default:
            if parameter.python not in arguments:
                # Converted for every call: the function may change it.
                default = parameter.declared.default_value
                assert default is not None
                arguments[parameter.python] = self._to_python(parameter, default)
        return arguments

    def encode_result(self, returned: object) -> bytes:
        """Return the result buffer of what a host function returned. Raises TypeError if that does not match."""
        mutated: Mapping[str, object] = {}
        if self._mutable:
            if not isinstance(returned, Result):
                raise TypeError(f"{self} has mutable parameters: return Result(ret, mutated), got {returned!r}")
            returned, mutated = returned
        fields = [(self._export.id, _to_value("its return value", self._ret, returned))]
        for id, parameter in self._mutable.items():
            name = parameter.declared.name
            if name not in mutated and parameter.python not in mutated:
                raise TypeError(f"{self} returned a Result without its mutable parameter {name}")
            changed = mutated[name if name in mutated else parameter.python]
            fields.append((id, _to_value(name, parameter.converter, changed)))
        try:
            return self._encode(fields)
        except ArgumentError as error:
            raise TypeError(f"what it returned does not fit: {error}") from None

    # --- parts -------------------------------------------------------------------------------------

    def _argument(self, parameter: _Parameter, argument: object) -> v.Value:
        try:
            return parameter.converter.to_value(argument)
        except TypeMismatch as mismatch:
            raise ArgumentError(str(mismatch), parameter=parameter.declared.name) from None
        except RecursionError:
            raise ArgumentError("nested too deeply", parameter=parameter.declared.name) from None

    def _validated(self, parameter: Parameter, value: v.Value) -> None:
        try:
            validate(value, parameter.type, self.registry)
        except TypeMismatch as mismatch:
            raise ArgumentError(str(mismatch), parameter=parameter.name) from None

    def _to_python(self, parameter: _Parameter, value: v.Value) -> object:
        try:
            return parameter.converter.to_python(value)
        except TypeMismatch as mismatch:
            raise ArgumentError(str(mismatch), parameter=parameter.declared.name) from None

    def _mutated(self, id: UUID, value: v.Value) -> object:
        parameter = self._by_id[id]
        try:
            return parameter.converter.to_python(value)
        except TypeMismatch as mismatch:
            raise _abi_trap(f"mutated parameter {parameter.declared.name} does not fit {self}: {mismatch}") from None

    def _encode(self, fields: list[tuple[UUID, v.Value]]) -> bytes:
        try:
            return self._codec.encode(v.structure_of(self._export.id, tuple(map(v.Field._make, fields))))
        except ValueError as error:
            raise ArgumentError(str(error)) from None

    def _open_result(self, buffer: bytes) -> tuple[v.Value, dict[UUID, v.Value]]:
        """Return the return value and the mutable parameters in a result buffer, in declared order."""
        try:
            message = error_message(buffer)
            if message is None:
                result = self._codec.decode(buffer)
        except MalformedBuffer as error:
            raise _abi_trap(f"returned a {error}") from error
        if message is not None:
            raise GuestError(message)
        if not isinstance(result, v.Structure):
            raise _abi_trap(f"returned {result!r}, expected a result buffer")
        if result.id != self._export.id:
            raise _abi_trap(f"returned the result of another function, {result.id}")
        if not result.fields or result.fields[0].id != self._export.id:
            raise _abi_trap("returned a result whose first field is not the return value")
        if not self._mutable and len(result.fields) == 1:
            return result.fields[0].value, {}
        mutated = dict(result.fields[1:])
        if len(mutated) != len(result.fields) - 1 or mutated.keys() != self._mutable.keys():
            raise _abi_trap(f"returned other mutable parameters than those of {self}")
        return result.fields[0].value, {id: mutated[id] for id in self._mutable}


class _Absent:
    """The argument of a parameter that is left out. None cannot be: it is a value."""


ABSENT: Final = _Absent()
"""What :meth:`Signature.bind` returns for a parameter that is left out."""


def _abi_trap(message: str) -> Trap:
    return Trap(message, kind=TrapKind.ABI)


def _to_value(what: str, converter: Converter, returned: object) -> v.Value:
    try:
        return converter.to_value(returned)
    except TypeMismatch as mismatch:
        raise TypeError(f"{what} does not fit: {mismatch}") from None
    except RecursionError:
        raise TypeError(f"{what} does not fit: nested too deeply") from None
