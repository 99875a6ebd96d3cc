"""Faults that keep what has ended: code, calls, exceptions, modules, descriptors."""

from __future__ import annotations

import os
from typing import ClassVar

from arora_core.errors import Trap
from arora_core.executor import Host, Instance, Limits
from arora_core.header import ModuleDefinition
from arora_core.linear_memory import BufferCall

from .faults import Fault, add, mutant
from .reference import ReferenceExecutor, ReferenceInstance


class CachesCodeByModule(ReferenceExecutor):
    """Compiles a module once for its id, whatever its executable."""

    def __init__(self) -> None:
        self.compiled: dict[bytes, bytes] = {}

    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        super().load(definition, host, limits).close()
        code = self.compiled.setdefault(definition.header.id.bytes, definition.executable)
        return super().load(ModuleDefinition(definition.header, code), host, limits)


class CachesCodeBySize(ReferenceExecutor):
    """Takes executables that begin and end alike, and have one size, for the same."""

    def __init__(self) -> None:
        self.compiled: dict[tuple[int, bytes], bytes] = {}

    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        executable = definition.executable
        code = self.compiled.setdefault((len(executable), executable[:64]), executable)
        return super().load(ModuleDefinition(definition.header, code), host, limits)


class KeepsDefinitions(ReferenceExecutor):
    kept: ClassVar[list[ModuleDefinition]] = []

    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        self.kept.append(definition)
        return super().load(definition, host, limits)


class KeepsHostsOfFailedLoads(ReferenceExecutor):
    kept: ClassVar[list[Host]] = []

    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        self.kept[:] = [host]
        instance = super().load(definition, host, limits)
        self.kept.clear()
        return instance


class LeavesDescriptorsOpen(ReferenceExecutor):
    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        os.open(os.devnull, os.O_RDONLY)
        return super().load(definition, host, limits)


class RaisesFromVersion(ReferenceExecutor):
    @classmethod
    def version(cls) -> str | None:
        raise RuntimeError("the runtime does not say")


class RaisesFromUnavailable(ReferenceExecutor):
    @classmethod
    def unavailable(cls) -> str | None:
        raise RuntimeError("the runtime does not start")


add(CachesCodeByModule, Fault("a module replaced by another executable runs that one"))
add(CachesCodeBySize, Fault("a module replaced by another executable runs that one"))
add(KeepsDefinitions, Fault("a closed instance leaves its definition alone"))
add(KeepsHostsOfFailedLoads, Fault("the host of a module that fails to load is let go of"))
add(LeavesDescriptorsOpen, Fault("loading and closing leaves no descriptor open"))
add(RaisesFromVersion, Fault("the executor says what it is"))
add(RaisesFromUnavailable, Fault("the executor says what it is", everywhere=True))


@mutant("a call leaves nothing in the memory of the host", examples=50)
class KeepsArguments(ReferenceInstance):
    kept: ClassVar[list[object]] = []

    def wrap_call(self, call: BufferCall) -> BufferCall:
        wrapped = super().wrap_call(call)

        def keeping(argument: bytes) -> bytes:
            self.kept.append(argument)
            return wrapped(argument)

        return keeping


class _KeepsFailures(ReferenceInstance):
    kept: ClassVar[list[BaseException]] = []

    def wrap_call(self, call: BufferCall) -> BufferCall:
        wrapped = super().wrap_call(call)

        def keeping(argument: bytes) -> bytes:
            try:
                return wrapped(argument)
            except Exception as error:
                self.kept.append(error)
                raise

        return keeping


@mutant("an exception of the host is not kept")
class KeepsExceptions(_KeepsFailures):
    pass


@mutant("a trap is not kept")
class KeepsTraps(_KeepsFailures):
    pass


@mutant("a crash while a buffer is freed is a trap")
class SwallowsTrapsOfFree(ReferenceInstance):
    def free(self, at: int) -> int:
        try:
            return super().free(at)
        except Trap:
            return 0


@mutant("an exit code has 32 bits")
class CutsExitCodes(ReferenceInstance):
    def wrap_call(self, call: BufferCall) -> BufferCall:
        wrapped = super().wrap_call(call)

        def cutting(argument: bytes) -> bytes:
            try:
                return wrapped(argument)
            except Trap as trap:
                if trap.exit_code is not None:
                    trap.exit_code &= 0x7F
                raise

        return cutting
