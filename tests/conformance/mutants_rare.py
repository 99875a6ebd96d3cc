"""Faults that show late, from some size on, or in one of several ways through an executor."""

from __future__ import annotations

import copy
from collections.abc import Callable
from time import sleep
from typing import Any, ClassVar

from arora_core.errors import Trap
from arora_core.executor import Host, Instance, Limits
from arora_core.header import ModuleDefinition
from arora_core.linear_memory import BufferCall

from .faults import Fault, add, mutant
from .mutants_bytes import _swapped
from .mutants_hosts import Delegating
from .reference import ReferenceExecutor, ReferenceInstance

# Code.


class CachesCodeFromTheThirdReplacementOn(ReferenceExecutor):
    def __init__(self) -> None:
        self.codes: list[bytes] = []

    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        super().load(definition, host, limits).close()
        if len(self.codes) < 3:
            self.codes.append(definition.executable)
        code = definition.executable if len(self.codes) < 3 else self.codes[-1]
        return super().load(ModuleDefinition(definition.header, code), host, limits)


class CachesCodeByIdentity(ReferenceExecutor):
    """Takes executables for the same that one object has held after another."""

    def __init__(self) -> None:
        self.compiled: dict[int, bytearray] = {}

    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        code = self.compiled.setdefault(id(definition.executable), bytearray(definition.executable))
        return super().load(ModuleDefinition(definition.header, bytes(code)), host, limits)


add(CachesCodeFromTheThirdReplacementOn, Fault("a module replaced by another executable runs that one"))
add(CachesCodeByIdentity, Fault("a module replaced by another executable runs that one"))

# Buffers.


class _SwapsInHugeDispatches(Delegating):
    def dispatch(self, module_id: bytes, function_id: bytes, argument: bytes) -> bytes:
        return _swapped(self.host.dispatch(module_id, function_id, argument), (4 << 20) + 1)


@mutant("every byte of a large dispatch is where it was")
class SwapsBytesOfHugeDispatches(ReferenceInstance):
    def __init__(self, definition: ModuleDefinition, host: Host, limits: Limits) -> None:
        super().__init__(definition, _SwapsInHugeDispatches(host), limits)


@mutant("a buffer of any size arrives whole")
class SwapsBytesAtTheThreshold(ReferenceInstance):
    """Takes buffers of exactly 64 KiB for small in one place and for large in another."""

    def wrap_call(self, call: BufferCall) -> BufferCall:
        wrapped = super().wrap_call(call)

        def swapping(argument: Any) -> Any:
            if isinstance(argument, bytes) and len(argument) == 1 << 16:
                return wrapped(_swapped(argument, 0))
            return wrapped(argument)

        return swapping


@mutant("a result is the callers to keep")
class ReusesTheMemoryOfLargeResults(ReferenceInstance):
    def __init__(self, definition: ModuleDefinition, host: Host, limits: Limits) -> None:
        self.kept = bytearray(1 << 24)
        super().__init__(definition, host, limits)

    def dispatch(self, function_id: bytes, argument: bytes) -> bytes:
        return self.function(function_id)(argument)

    def function(self, function_id: bytes) -> BufferCall:
        call = super().function(function_id)

        def reusing(argument: bytes) -> bytes:
            result = call(argument)
            if len(result) < 1 << 16:
                return result
            self.kept[: len(result)] = result
            return memoryview(self.kept)[: len(result)]  # type: ignore[return-value]

        return reusing


# Exceptions of the host.


@mutant("an exception of the host comes out as the same object")
class RaisesCopiesOfHostExceptions(ReferenceInstance):
    def wrap_import(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*numbers: int) -> Any:
            try:
                return function(*numbers)
            except Exception as error:
                raise copy.copy(error) from None

        return super().wrap_import(name, call)


@mutant("any exception of the host ends every guest it passes")
class SystemExitIsATrap(ReferenceInstance):
    def wrap_call(self, call: BufferCall) -> BufferCall:
        wrapped = super().wrap_call(call)

        def trapping(argument: bytes) -> bytes:
            try:
                return wrapped(argument)
            except SystemExit as error:
                raise Trap(f"exited: {error}") from None

        return trapping


@mutant("an exception raised while output is taken comes out as itself")
class IgnoresInterruptsOfOutput(ReferenceInstance):
    def wrap_import(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def fd_write(*numbers: int) -> Any:
            try:
                return function(*numbers)
            except Exception:
                raise
            except BaseException:
                return 29  # EIO

        return super().wrap_import(name, fd_write if name == "fd_write" else function)


# Output.


class _Latin1(Delegating):
    def write_output(self, fd: int, data: bytes) -> None:
        self.host.write_output(fd, data.decode("latin-1").encode())


@mutant("output arrives when it is written and as any bytes")
class DecodesOutputAsLatin1(ReferenceInstance):
    def __init__(self, definition: ModuleDefinition, host: Host, limits: Limits) -> None:
        super().__init__(definition, _Latin1(host), limits)


class _StartsWrong(Delegating):
    """Does ``start`` with output until the guest has started."""

    started = False

    def write_output(self, fd: int, data: bytes) -> None:
        if self.started:
            self.host.write_output(fd, data)
        else:
            self.start(fd, data)

    def start(self, fd: int, data: bytes) -> None:
        self.host.write_output(3 - fd, data)


class _LosesStderrAtFirst(_StartsWrong):
    def start(self, fd: int, data: bytes) -> None:
        if fd == 1:
            self.host.write_output(fd, data)


class _WrongAtFirst(ReferenceInstance):
    between: ClassVar[type[_StartsWrong]]

    def __init__(self, definition: ModuleDefinition, host: Host, limits: Limits) -> None:
        between = self.between(host)
        super().__init__(definition, between, limits)
        between.started = True


@mutant("what a guest writes while it starts reaches the host")
class SwapsTheFirstOutput(_WrongAtFirst):
    between = _StartsWrong


@mutant("what a guest writes while it starts reaches the host")
class LosesTheFirstErrors(_WrongAtFirst):
    between = _LosesStderrAtFirst


class _BuffersStdout(Delegating):
    """Keeps stdout until the call ends, as C libraries do, and passes on stderr at once."""

    pending = b""

    def write_output(self, fd: int, data: bytes) -> None:
        if fd == 1:
            self.pending += data
        else:
            self.host.write_output(fd, data)


@mutant("output arrives when it is written and as any bytes")
class DelaysStdout(ReferenceInstance):
    def __init__(self, definition: ModuleDefinition, host: Host, limits: Limits) -> None:
        self.between = _BuffersStdout(host)
        super().__init__(definition, self.between, limits)
        self.flush()

    def flush(self) -> None:
        pending, self.between.pending = self.between.pending, b""
        if pending:
            self.between.host.write_output(1, pending)

    def wrap_call(self, call: BufferCall) -> BufferCall:
        wrapped = super().wrap_call(call)

        def flushing(argument: bytes) -> bytes:
            try:
                return wrapped(argument)
            finally:
                self.flush()

        return flushing


# Time.


class _Clock(ReferenceInstance):
    """A monotonic clock that shows another time than it should."""

    def shown(self, now: int) -> int:
        return now

    def wrap_import(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def clock_time_get(id: int, precision: int, at: int) -> int:
            errno = int(function(id, precision, at))
            if id == 1:
                now = int.from_bytes(self.guest.memory.read(at, 8), "little")
                self.guest.memory.write(at, self.shown(now).to_bytes(8, "little"))
            return errno

        return super().wrap_import(name, clock_time_get if name == "clock_time_get" else function)


@mutant("a guest has clocks")
class TheClockGoesBackNowAndThen(_Clock):
    calls = 0

    def shown(self, now: int) -> int:
        self.calls += 1
        return now - 10**7 * (self.calls % 10 == 9)


@mutant("a guest has clocks")
class TheClockIsFast(_Clock):
    def shown(self, now: int) -> int:
        return now * 1000


@mutant("a guest has clocks")
class TheWallClockStandsStill(ReferenceInstance):
    def wrap_import(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def clock_time_get(id: int, precision: int, at: int) -> int:
            if id:
                return int(function(id, precision, at))
            self.guest.memory.write(at, (1_600_000_000 * 10**9).to_bytes(8, "little"))
            return 0

        return super().wrap_import(name, clock_time_get if name == "clock_time_get" else function)


@mutant("a guest sleeps for as long as it asks")
class SleepsTooShort(ReferenceInstance):
    def wrap_import(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def poll_oneoff(subscriptions_at: int, events_at: int, count: int, happened_at: int) -> int:
            asked = int.from_bytes(self.guest.memory.read(subscriptions_at + 24, 8), "little")
            sleep(asked * 0.7 / 1e9)
            return 0

        return super().wrap_import(name, poll_oneoff if name == "poll_oneoff" else function)


class _Deadline(ReferenceInstance):
    factor: ClassVar[float]

    def __init__(self, definition: ModuleDefinition, host: Host, limits: Limits) -> None:
        deadline = None if limits.deadline is None else limits.deadline * self.factor
        super().__init__(definition, host, Limits(memory=limits.memory, fuel=limits.fuel, deadline=deadline))


@mutant("a call is stopped after its deadline")
class DeadlinesAreTenTimesTooLong(_Deadline):
    factor = 10


@mutant("a call is stopped after its deadline")
class DeadlinesAreTooShort(_Deadline):
    factor = 0.7


# Exit codes.


class _ExitCodes(ReferenceInstance):
    def code(self, code: int) -> int:
        return code

    def wrap_call(self, call: BufferCall) -> BufferCall:
        wrapped = super().wrap_call(call)

        def changing(argument: bytes) -> bytes:
            try:
                return wrapped(argument)
            except Trap as trap:
                if trap.exit_code is not None:
                    trap.exit_code = self.code(trap.exit_code)
                raise

        return changing


@mutant("an exit code has 32 bits")
class ExitCodesOf8Bits(_ExitCodes):
    def code(self, code: int) -> int:
        return code & 0xFF


@mutant("an exit code has 32 bits")
class ExitCodesAreSigned(_ExitCodes):
    def code(self, code: int) -> int:
        return code - (1 << 32) if code >> 31 else code


# What the executor says of itself.


class ExitsFromUnavailable(ReferenceExecutor):
    @classmethod
    def unavailable(cls) -> str | None:
        raise SystemExit("the runtime does not start")


class ExitsFromVersion(ReferenceExecutor):
    @classmethod
    def version(cls) -> str | None:
        raise SystemExit("the runtime does not say")


add(ExitsFromUnavailable, Fault("the executor says what it is", everywhere=True))
add(ExitsFromVersion, Fault("the executor says what it is"))
