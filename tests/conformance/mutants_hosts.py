"""Faults in calls from the guest to its host."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar

from arora_core import buffers
from arora_core.errors import MalformedBuffer, Trap
from arora_core.executor import Host, Limits
from arora_core.header import ModuleDefinition

from .faults import mutant
from .reference import ReferenceInstance


@mutant("the host is asked for what the guest named")
class SwapsIdBytes(ReferenceInstance):
    """Passes ids in the mixed byte order of Windows GUIDs."""

    def __init__(self, definition: ModuleDefinition, host: Host, limits: Limits) -> None:
        super().__init__(definition, _ByteSwapping(host), limits)


class Delegating:
    """A host that delegates every call to another."""

    def __init__(self, host: Host) -> None:
        self.host = host

    def dispatch(self, module_id: bytes, function_id: bytes, argument: bytes) -> bytes:
        return self.host.dispatch(module_id, function_id, argument)

    def dispatch_indirect(self, callable_id: int) -> bytes:
        return self.host.dispatch_indirect(callable_id)

    def write_output(self, fd: int, data: bytes) -> None:
        self.host.write_output(fd, data)


class _ByteSwapping(Delegating):
    def dispatch(self, module_id: bytes, function_id: bytes, argument: bytes) -> bytes:
        return self.host.dispatch(_swapped(module_id), _swapped(function_id), argument)


def _swapped(id: bytes) -> bytes:
    return id[3::-1] + id[5:3:-1] + id[7:5:-1] + id[8:]


class _Twice(Delegating):
    def dispatch(self, module_id: bytes, function_id: bytes, argument: bytes) -> bytes:
        self.host.dispatch(module_id, function_id, argument)
        return self.host.dispatch(module_id, function_id, argument)


@mutant("the host is asked for what the guest named")
class DispatchesTwice(ReferenceInstance):
    def __init__(self, definition: ModuleDefinition, host: Host, limits: Limits) -> None:
        super().__init__(definition, _Twice(host), limits)


class _Views(Delegating):
    def dispatch(self, module_id: bytes, function_id: bytes, argument: bytes) -> bytes:
        return self.host.dispatch(module_id, function_id, memoryview(argument))  # type: ignore[arg-type]


@mutant("what crosses to the host and back is bytes")
class GivesTheHostViews(ReferenceInstance):
    def __init__(self, definition: ModuleDefinition, host: Host, limits: Limits) -> None:
        super().__init__(definition, _Views(host), limits)


class _Decoding(Delegating):
    def dispatch(self, module_id: bytes, function_id: bytes, argument: bytes) -> bytes:
        try:
            buffers.decode(argument)
        except MalformedBuffer as error:
            return buffers.encode_error(str(error))
        return self.host.dispatch(module_id, function_id, argument)


@mutant("what is dispatched may be any buffer")
class DecodesDispatchedBuffers(ReferenceInstance):
    def __init__(self, definition: ModuleDefinition, host: Host, limits: Limits) -> None:
        super().__init__(definition, _Decoding(host), limits)


class _Strict(Delegating):
    def dispatch(self, module_id: bytes, function_id: bytes, argument: bytes) -> bytes:
        result = self.host.dispatch(module_id, function_id, argument)
        message = buffers.error_message(result)
        if message is not None:
            raise Trap(message)
        return result


@mutant("a missing module is an error the guest can handle")
class ErrorsOfDispatchesAreTraps(ReferenceInstance):
    def __init__(self, definition: ModuleDefinition, host: Host, limits: Limits) -> None:
        super().__init__(definition, _Strict(host), limits)


@mutant("a closed instance is let go of")
class KeepsItsHosts(ReferenceInstance):
    kept: ClassVar[list[Host]] = []

    def __init__(self, definition: ModuleDefinition, host: Host, limits: Limits) -> None:
        super().__init__(definition, host, limits)
        self.kept[:] = [host]


class _ShortIds(Delegating):
    def dispatch_indirect(self, callable_id: int) -> bytes:
        return self.host.dispatch_indirect(callable_id & 0xFFFF_FFFF)


@mutant("the id of a callable has 64 bits")
class CallableIdsOf32Bits(ReferenceInstance):
    def __init__(self, definition: ModuleDefinition, host: Host, limits: Limits) -> None:
        super().__init__(definition, _ShortIds(host), limits)


class _Silent(Delegating):
    def write_output(self, fd: int, data: bytes) -> None:
        pass


@mutant("what is written reaches the host byte for byte")
class LosesOutput(ReferenceInstance):
    def __init__(self, definition: ModuleDefinition, host: Host, limits: Limits) -> None:
        super().__init__(definition, _Silent(host), limits)


class _OneStream(Delegating):
    def write_output(self, fd: int, data: bytes) -> None:
        self.host.write_output(1, data)


@mutant("stdout and stderr are told apart")
class OutputGoesToStdout(ReferenceInstance):
    def __init__(self, definition: ModuleDefinition, host: Host, limits: Limits) -> None:
        super().__init__(definition, _OneStream(host), limits)


@mutant("nesting beyond the limit is an error the guest can handle")
class CallsItselfWithoutItsHost(ReferenceInstance):
    """Calls of a module to itself bypass the host, which counts the depth of calls."""

    def __init__(self, definition: ModuleDefinition, host: Host, limits: Limits) -> None:
        bypass = _Bypass(host)
        super().__init__(definition, bypass, limits)
        bypass.call_itself = partial(self._call_itself, definition.header.id.bytes)

    def _call_itself(self, own_id: bytes, module_id: bytes, function_id: bytes, argument: bytes) -> bytes | None:
        if module_id != own_id or function_id not in self._functions:
            return None
        try:
            return self.dispatch(function_id, argument)
        except RecursionError:
            return buffers.encode_error("the stack of Python is exhausted")


class _Bypass(Delegating):
    call_itself: Callable[[bytes, bytes, bytes], bytes | None]

    def dispatch(self, module_id: bytes, function_id: bytes, argument: bytes) -> bytes:
        return self.call_itself(module_id, function_id, argument) or self.host.dispatch(
            module_id, function_id, argument
        )
