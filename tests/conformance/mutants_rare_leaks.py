"""Leaks of some calls and loads only, and of what is no Python object."""

from __future__ import annotations

import mmap
import os
import threading
from time import sleep
from typing import Any, ClassVar

from arora_core.errors import MissingExport
from arora_core.executor import Host, Instance, Limits, Transfer
from arora_core.header import ModuleDefinition
from arora_core.linear_memory import BufferCall

from .faults import Fault, add, mutant
from .reference import ReferenceExecutor, ReferenceInstance


class _Keeps(ReferenceInstance):
    """Keeps something of calls."""

    kept: ClassVar[list[object]] = []

    def wrap_call(self, call: BufferCall) -> BufferCall:
        wrapped = super().wrap_call(call)

        def keeping(argument: bytes) -> bytes:
            self.before(argument)
            try:
                return wrapped(argument)
            except BaseException:
                self.failed(argument)
                raise

        return keeping

    def before(self, argument: Any) -> None:
        pass

    def failed(self, argument: Any) -> None:
        pass


@mutant("a call leaves nothing in the memory of the host", examples=50)
class Keeps64BytesOfCalls(_Keeps):
    def before(self, argument: Any) -> None:
        self.kept.append(bytes(31))


@mutant("a call leaves nothing in the memory of the host", examples=50)
class KeepsArgumentsOfFailedCalls(_Keeps):
    def failed(self, argument: Any) -> None:
        self.kept.append(argument)


@mutant("a call leaves nothing in the memory of the host", examples=50)
class KeepsLargeCalls(_Keeps):
    def before(self, argument: Any) -> None:
        if isinstance(argument, Transfer):
            self.kept.append(bytes(31))


@mutant("a large call leaves nothing in the memory of the process", examples=50)
class LosesMemoryOutsideOfPythons(_Keeps):
    def before(self, argument: Any) -> None:
        if isinstance(argument, Transfer):
            size = sum(map(len, argument.pieces))
            # Not by malloc, which may have freed memory of earlier tests at hand.
            lost = mmap.mmap(-1, size)
            lost.write(b"1" * size)
            self.kept.append(lost)


class LeavesDescriptorsOfRefusedModules(ReferenceExecutor):
    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        try:
            return super().load(definition, host, limits)
        except MissingExport:
            os.open(os.devnull, os.O_RDONLY)
            raise


class LeavesThreadsRunning(ReferenceExecutor):
    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        threading.Thread(target=sleep, args=(3,), daemon=True).start()
        return super().load(definition, host, limits)


add(LeavesDescriptorsOfRefusedModules, Fault("loading and closing leaves no descriptor open"))
add(LeavesThreadsRunning, Fault("loading and closing leaves no thread running"))
