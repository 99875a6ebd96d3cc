"""Faults in loading, isolation, limits and closing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from arora_core.errors import LimitExceeded, MalformedExecutable, Trap, UnsupportedImport
from arora_core.executor import Host, Instance, Limits
from arora_core.guest_symbols import (
    ALLOC,
    ALLOC_TYPE,
    FREE,
    FREE_TYPE,
    FUNCTION_TYPE,
    HOST_TYPES,
    INITIALIZE_TYPE,
    WASI_NAMESPACE,
    WasmType,
)
from arora_core.header import ExportedFunction, ModuleDefinition
from arora_core.wasi import PREVIEW_1

from .faults import Fault, add, mutant
from .reference import ReferenceExecutor, ReferenceInstance


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


class LoadsWithoutLooking(ReferenceExecutor):
    def check(self, *looked_at: object) -> None:
        pass


class IgnoresTypes(ReferenceExecutor):
    """Looks for the names of exports and imports, and not for what they are."""

    def check(
        self, definition: ModuleDefinition, imports: list[tuple[str, str, WasmType]], exports: dict[str, WasmType]
    ) -> None:
        right: dict[str, WasmType] = {
            "memory": "memory",
            "_initialize": INITIALIZE_TYPE,
            ALLOC: ALLOC_TYPE,
            FREE: FREE_TYPE,
        }
        super().check(definition, [], {name: right.get(name, FUNCTION_TYPE) for name in exports})
        offered = {("env", name) for name in HOST_TYPES} | {(WASI_NAMESPACE, name) for name in PREVIEW_1}
        for namespace, name, _ in imports:
            if (namespace, name) not in offered:
                raise UnsupportedImport("nobody offers it", symbol=f"{namespace}.{name}")


class LoadsAnything(ReferenceExecutor):
    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        try:
            return super().load(definition, host, limits)
        except MalformedExecutable:
            return self.instance(definition, host, limits)


add(LoadsWithoutLooking, Fault("an export that is missing is named"))
add(IgnoresTypes, Fault("an import of another type is refused"))
add(LoadsAnything, Fault("what is no executable is malformed"))
