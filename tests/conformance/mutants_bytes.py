"""Faults in large buffers, output and exceptions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from arora_core import buffers
from arora_core.executor import Host, Limits
from arora_core.header import ModuleDefinition

from .faults import Rewriting, mutant
from .mutants_hosts import Delegating
from .reference import ReferenceInstance

_SCALE = 1 << 16


def _swapped(buffer: bytes, above: int) -> bytes:
    """Return the buffer with two bytes swapped, if it is larger than ``above``."""
    if len(buffer) <= above:
        return buffer
    return buffer[:-2] + buffer[-1:] + buffer[-2:-1]


@mutant("every byte of the largest buffers is where it was")
class SwapsBytesOfLargeCalls(Rewriting):
    def rewrite_result(self, argument: Any, result: Any) -> Any:
        # A call with large buffers returns what was read from them.
        return _swapped(result, 4 << 20) if isinstance(result, bytes) else result


class _SwapsInDispatches(Delegating):
    def dispatch(self, module_id: bytes, function_id: bytes, argument: bytes) -> bytes:
        return self.host.dispatch(module_id, function_id, _swapped(argument, _SCALE))


@mutant("every byte of a large dispatch is where it was")
class SwapsBytesOfLargeDispatches(ReferenceInstance):
    def __init__(self, definition: ModuleDefinition, host: Host, limits: Limits) -> None:
        super().__init__(definition, _SwapsInDispatches(host), limits)


class _Swallowing(ReferenceInstance):
    swallowed: type[BaseException]

    def wrap_import(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*numbers: int) -> Any:
            try:
                return function(*numbers)
            except self.swallowed:
                return self.guest.put(buffers.encode_error("it left"))

        return super().wrap_import(name, call)


@mutant("any exception of the host ends every guest it passes")
class SwallowsSystemExit(_Swallowing):
    swallowed = SystemExit


@mutant("any exception of the host ends every guest it passes")
class SwallowsGeneratorExit(_Swallowing):
    swallowed = GeneratorExit


class _Late(Delegating):
    """Keeps output until a line ends."""

    pending = b""

    def write_output(self, fd: int, data: bytes) -> None:
        self.pending += data
        if self.pending.endswith(b"\n"):
            self.flush(fd)

    def flush(self, fd: int) -> None:
        self.host.write_output(fd, self.pending)
        self.pending = b""


@mutant("output arrives when it is written and as any bytes")
class DelaysOutput(ReferenceInstance):
    def __init__(self, definition: ModuleDefinition, host: Host, limits: Limits) -> None:
        super().__init__(definition, _Late(host), limits)


class _Text(Delegating):
    def write_output(self, fd: int, data: bytes) -> None:
        self.host.write_output(fd, data.decode(errors="replace").encode())


@mutant("output arrives when it is written and as any bytes")
class DecodesOutput(ReferenceInstance):
    def __init__(self, definition: ModuleDefinition, host: Host, limits: Limits) -> None:
        super().__init__(definition, _Text(host), limits)


class _DeafAtFirst(Delegating):
    started = False

    def write_output(self, fd: int, data: bytes) -> None:
        if self.started:
            self.host.write_output(fd, data)


@mutant("what a guest writes while it starts reaches the host")
class LosesTheFirstOutput(ReferenceInstance):
    def __init__(self, definition: ModuleDefinition, host: Host, limits: Limits) -> None:
        deaf = _DeafAtFirst(host)
        super().__init__(definition, deaf, limits)
        deaf.started = True


@mutant("a guest has clocks")
class TheMonotonicClockStandsStill(ReferenceInstance):
    def wrap_import(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def clock_time_get(id: int, precision: int, at: int) -> int:
            if id != 1:
                return int(function(id, precision, at))
            self.guest.memory.write(at, (10**9).to_bytes(8, "little"))
            return 0

        return super().wrap_import(name, clock_time_get if name == "clock_time_get" else function)
