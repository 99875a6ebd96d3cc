"""Faults in isolation, limits and closing."""

from __future__ import annotations

from collections.abc import Callable
from threading import get_ident
from typing import Any, ClassVar

from arora_core.errors import LimitExceeded, Trap
from arora_core.executor import Host, Limits
from arora_core.header import ExportedFunction, ModuleDefinition
from arora_core.linear_memory import BufferCall

from .faults import mutant
from .reference import ReferenceInstance


@mutant("two instances share no state")
class SharesState(ReferenceInstance):
    """One guest for everyone."""

    shared: ClassVar[dict[str, int]] = {}

    def ran(self, export: ExportedFunction, argument_at: int) -> int:
        for name in ("calls", "kept"):
            setattr(self.guest, name, self.shared.get(name, 0))
        try:
            return super().ran(export, argument_at)
        finally:
            self.shared.update(calls=self.guest.calls, kept=self.guest.kept)


@mutant("a guest sees no arguments and no environment")
class ShowsTheEnvironment(ReferenceInstance):
    def imported(self, name: str, answer: Callable[..., Any]) -> Callable[..., Any]:
        if name != "environ_sizes_get":
            return super().imported(name, answer)

        def sizes(count_at: int, size_at: int) -> int:
            self.guest.memory.write(count_at, b"\x07\0\0\0")
            return 0

        return sizes


@mutant("a guest has random numbers")
class RandomNumbersAreZeros(ReferenceInstance):
    def imported(self, name: str, answer: Callable[..., Any]) -> Callable[..., Any]:
        return super().imported(name, (lambda at, size: 0) if name == "random_get" else answer)


@mutant("memory beyond its limit is refused to the guest")
class IgnoresTheMemoryLimit(ReferenceInstance):
    def __init__(self, definition: ModuleDefinition, host: Host, limits: Limits) -> None:
        super().__init__(definition, host, Limits(deadline=limits.deadline, fuel=limits.fuel))


@mutant("a call is stopped after its deadline")
class DeadlinesAreTraps(ReferenceInstance):
    def ran(self, export: ExportedFunction, argument_at: int) -> int:
        try:
            return super().ran(export, argument_at)
        except LimitExceeded as error:
            if error.limit == "deadline":
                raise Trap("interrupted") from None
            raise


@mutant("fuel is filled up for every call")
class FuelIsFilledOnce(ReferenceInstance):
    def __init__(self, definition: ModuleDefinition, host: Host, limits: Limits) -> None:
        super().__init__(definition, host, limits)
        self.guest.meter.fill_once()


@mutant("engines work in threads of their own")
class WorksInOneThreadOnly(ReferenceInstance):
    def __init__(self, definition: ModuleDefinition, host: Host, limits: Limits) -> None:
        super().__init__(definition, host, limits)
        self._thread = get_ident()

    def around(self, call: BufferCall) -> BufferCall:
        metered = super().around(call)

        def here(argument: bytes) -> bytes:
            if get_ident() != self._thread:
                raise RuntimeError("called from another thread than it was made in")
            return metered(argument)

        return here


@mutant("a closed instance refuses calls")
class ClosesNothing(ReferenceInstance):
    def close(self) -> None:
        pass


@mutant("an instance can be closed twice")
class ClosesOnlyOnce(ReferenceInstance):
    def close(self) -> None:
        if self._closed:
            raise RuntimeError("the store is gone")
        super().close()
