"""Faults in isolation, limits and closing."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from threading import get_ident
from time import sleep
from typing import Any, ClassVar

from arora_core.budget import current
from arora_core.errors import LimitExceeded, Trap
from arora_core.executor import Host, Instance, Limits
from arora_core.header import ExportedFunction, ModuleDefinition
from arora_core.linear_memory import BufferCall

from .faults import Fault, add, mutant
from .reference import ReferenceExecutor, ReferenceInstance


@mutant("two instances share no state")
class SharesState(ReferenceInstance):
    """All instances share the state of one guest."""

    shared: ClassVar[dict[str, int]] = {}

    def run_export(self, export: ExportedFunction, argument_at: int) -> int:
        for name in ("calls", "kept"):
            setattr(self.guest, name, self.shared.get(name, 0))
        try:
            return super().run_export(export, argument_at)
        finally:
            self.shared.update(calls=self.guest.calls, kept=self.guest.kept)


class KeepsCodeInOneThread(ReferenceExecutor):
    """Keeps compiled code for later loads, and lets only the thread that compiled it use it."""

    def __init__(self) -> None:
        super().__init__()
        self.compiled_in: dict[bytes, int] = {}

    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        if self.compiled_in.setdefault(definition.executable, get_ident()) != get_ident():
            raise RuntimeError("compiled in another thread")
        return super().load(definition, host, limits)


add(KeepsCodeInOneThread, Fault("one executable loads in several threads"))


class _ReplacingWasi(ReferenceInstance):
    """Replaces functions of WASI by methods named ``answer_`` and the function's name."""

    def wrap_import(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        return super().wrap_import(name, getattr(self, f"answer_{name}", function))

    def put(self, at: int, number: int, size: int = 4) -> int:
        self.guest.memory.write(at, number.to_bytes(size, "little"))
        return 0


@mutant("a guest sees no arguments and no environment")
class ShowsTheEnvironment(_ReplacingWasi):
    def answer_environ_sizes_get(self, count_at: int, size_at: int) -> int:
        return self.put(count_at, 7)


@mutant("a guest sees no files")
class ShowsADirectory(_ReplacingWasi):
    def answer_fd_prestat_get(self, fd: int, at: int) -> int:
        return self.put(at, 0) if fd == 3 else 8


@mutant("a guest reads nothing from stdin")
class ReadsStdin(_ReplacingWasi):
    def answer_fd_read(self, fd: int, vectors_at: int, count: int, read_at: int) -> int:
        return self.put(read_at, 5)


@mutant("a guest has clocks")
class ClocksStandStill(_ReplacingWasi):
    def answer_clock_time_get(self, id: int, precision: int, at: int) -> int:
        return self.put(at, 0, 8)


@mutant("a guest that sleeps is woken at its deadline")
class SleepsThroughDeadlines(_ReplacingWasi):
    def answer_poll_oneoff(self, subscriptions_at: int, events_at: int, count: int, happened_at: int) -> int:
        asked = int.from_bytes(self.guest.memory.read(subscriptions_at + 24, 8), "little")
        sleep(min(asked / 1e9, 0.1))  # Not the whole of a long sleep, so that tests end soon.
        return 0


@mutant("a guest sleeps for as long as it asks")
class NeverSleeps(_ReplacingWasi):
    def answer_poll_oneoff(self, subscriptions_at: int, events_at: int, count: int, happened_at: int) -> int:
        return 0


@mutant("other descriptors are closed")
class WritesToAnyDescriptor(_ReplacingWasi):
    def answer_fd_write(self, fd: int, vectors_at: int, count: int, written_at: int) -> int:
        return super().answer_fd_write(fd if fd in (1, 2) else 1, vectors_at, count, written_at)


@mutant("a guest has random numbers")
class RandomNumbersAreZeros(_ReplacingWasi):
    def answer_random_get(self, at: int, size: int) -> int:
        return 0


@mutant("an unloaded module gives its memory back")
class KeepsClosedGuests(ReferenceInstance):
    kept: ClassVar[list[object]] = []

    def __init__(self, definition: ModuleDefinition, host: Host, limits: Limits) -> None:
        super().__init__(definition, host, limits)
        self.kept.append(self.guest)


@mutant("memory beyond its limit is refused to the guest")
class IgnoresTheMemoryLimit(ReferenceInstance):
    def __init__(self, definition: ModuleDefinition, host: Host, limits: Limits) -> None:
        super().__init__(definition, host, Limits(deadline=limits.deadline, fuel=limits.fuel))


class CountsNoTables(ReferenceExecutor):
    def tables(self, definition: ModuleDefinition, memory: int) -> int:
        return 0


class CountsTheLargestTable(ReferenceExecutor):
    """Compares each table by itself with the limit, as runtimes do."""

    def tables(self, definition: ModuleDefinition, memory: int) -> int:
        return super().tables(definition, memory) // 2


class LetsTablesGrow(ReferenceExecutor):
    def lets_tables_grow(self, limits: Limits) -> bool:
        return True


add(CountsNoTables, Fault("tables count as memory"))
add(CountsTheLargestTable, Fault("tables count as memory"))
add(LetsTablesGrow, Fault("a table does not grow beyond the memory limit"))


@mutant("a call is stopped after its deadline")
class DeadlinesAreTraps(ReferenceInstance):
    def run_export(self, export: ExportedFunction, argument_at: int) -> int:
        try:
            return super().run_export(export, argument_at)
        except LimitExceeded as error:
            if error.limit == "deadline":
                raise Trap("interrupted") from None
            raise


@mutant("fuel is filled up for every call")
class FuelIsFilledOnce(ReferenceInstance):
    def __init__(self, definition: ModuleDefinition, host: Host, limits: Limits) -> None:
        super().__init__(definition, host, limits)
        self.guest.meter.fill_once()


class _BeginsAnew(ReferenceInstance):
    """Gives every module all of its limits, whoever calls it."""

    def wrap_call(self, call: BufferCall) -> BufferCall:
        wrapped = super().wrap_call(call)

        def begin_anew(argument: bytes) -> bytes:
            outer = current.until, current.tank
            current.until, current.tank = inf, None
            try:
                return wrapped(argument)
            finally:
                current.until, current.tank = outer

        return begin_anew


@mutant("a called module has until the deadline of its caller")
class DeadlinesBeginAnew(_BeginsAnew):
    pass


@mutant("a called module has the fuel that its caller has left")
class FuelIsFilledForEveryModule(_BeginsAnew):
    pass


@mutant("engines work in threads of their own")
class WorksInOneThreadOnly(ReferenceInstance):
    def __init__(self, definition: ModuleDefinition, host: Host, limits: Limits) -> None:
        super().__init__(definition, host, limits)
        self._thread = get_ident()

    def wrap_call(self, call: BufferCall) -> BufferCall:
        wrapped = super().wrap_call(call)

        def in_one_thread(argument: bytes) -> bytes:
            if get_ident() != self._thread:
                raise RuntimeError("called from another thread than it was made in")
            return wrapped(argument)

        return in_one_thread


@mutant("a closed instance refuses calls")
class ClosesNothing(ReferenceInstance):
    def close(self) -> None:
        pass


@mutant("an instance can be closed twice")
class ClosesOnlyOnce(ReferenceInstance):
    def close(self) -> None:
        if self.closed:
            raise RuntimeError("the store is gone")
        super().close()
