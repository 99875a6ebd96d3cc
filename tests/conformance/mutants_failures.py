"""Faults in reporting errors, traps and exceptions of the host."""

from __future__ import annotations

from collections.abc import Callable
from threading import current_thread, main_thread
from typing import Any, ClassVar, NoReturn

from arora_core import buffers
from arora_core import values as v
from arora_core.errors import CallError, GuestError, Trap, TrapKind
from arora_core.executor import Host, Limits
from arora_core.header import ExportedFunction, ModuleDefinition
from arora_core.linear_memory import BufferCall, GlobalVariable

from .faults import Rewriting, mutant
from .reference import ReferenceInstance, Unwinding


@mutant("an exception of the host comes out as the same object")
class SwallowsHostExceptions(ReferenceInstance):
    def wrap_import(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*numbers: int) -> Any:
            try:
                return function(*numbers)
            except (CallError, GeneratorExit):
                raise
            except BaseException as error:
                return self.guest.put(buffers.encode_error(str(error)))

        return super().wrap_import(name, call)


@mutant("an exception of the host comes out as the same object")
class WrapsHostExceptions(ReferenceInstance):
    def wrap_import(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*numbers: int) -> Any:
            try:
                return function(*numbers)
            except CallError:
                raise
            except BaseException as error:
                raise RuntimeError(f"callback failed: {error}") from error

        return super().wrap_import(name, call)


@mutant("an exception of the host comes out as the same object")
class HostExceptionsAreTraps(ReferenceInstance):
    def wrap_import(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*numbers: int) -> Any:
            try:
                return function(*numbers)
            except CallError:
                raise
            except BaseException as error:
                raise Trap(str(error)) from error

        return super().wrap_import(name, call)


@mutant("an exception of the host comes out as the same object")
class PropagatesOnlySubclassesOfException(ReferenceInstance):
    """``except Exception`` instead of ``except BaseException``: other exceptions are ignored."""

    def wrap_import(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*numbers: int) -> Any:
            try:
                return function(*numbers)
            except Exception:
                raise
            except BaseException:
                return self.guest.put(b"\5\0\0\0\0")

        return super().wrap_import(name, call)


@mutant("an exception of the host comes out as the same object")
class KeepsExceptionsInAGlobal(ReferenceInstance):
    """Keeps the first exception, and raises it whenever a guest is unwound."""

    last: ClassVar[list[BaseException]] = []

    def __init__(self, definition: ModuleDefinition, host: Host, limits: Limits) -> None:
        type(self).last = []
        super().__init__(definition, host, limits)

    def wrap_import(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*numbers: int) -> Any:
            try:
                return function(*numbers)
            except BaseException as error:
                self.last.append(error)
                raise Unwinding from None

        return call

    def wrap_export(self, call: Callable[[int], int]) -> Callable[[int], int]:
        def enter(number: int) -> int:
            try:
                return call(number)
            except Unwinding:
                raise self.last[0] from None

        return enter


@mutant("an error that the host raises is not the guests to handle")
class LetsGuestsHandleErrorsOfTheHost(ReferenceInstance):
    def wrap_import(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*numbers: int) -> Any:
            try:
                return function(*numbers)
            except CallError as error:
                if isinstance(error, Trap) and error.kind in (TrapKind.ABI, TrapKind.EXIT):
                    raise
                return self.guest.put(buffers.encode_error(str(error)))

        return super().wrap_import(name, call)


@mutant("an error buffer is a guest error with its message")
class LosesErrorBuffers(Rewriting):
    def rewrite_result(self, argument: bytes, result: bytes) -> bytes:
        if buffers.error_message(result) is None:
            return result
        called = buffers.decode(argument)
        assert isinstance(called, v.Structure)
        return buffers.encode(v.Structure(called.id, [(called.id, v.Unit())]))


@mutant("an error buffer comes through a raw dispatch as it is")
class RaisesErrorBuffers(Rewriting):
    def rewrite_result(self, argument: bytes, result: bytes) -> bytes:
        if result[4] == 20:
            raise GuestError(f"the guest failed: {result[9:].decode(errors='replace')}")
        return result


class _Trapping(ReferenceInstance):
    """Handles the guest's traps in ``handle_trap``."""

    def run_export(self, export: ExportedFunction, argument_at: int) -> int:
        try:
            return super().run_export(export, argument_at)
        except Trap as trap:
            return self.handle_trap(export, trap)

    def handle_trap(self, export: ExportedFunction, trap: Trap) -> int:
        raise trap


@mutant("a division by zero is a trap of that kind")
class WrongTrapKind(_Trapping):
    def handle_trap(self, export: ExportedFunction, trap: Trap) -> int:
        if trap.kind is TrapKind.INTEGER_DIVISION_BY_ZERO:
            trap.kind = TrapKind.INTEGER_OVERFLOW
        raise trap


@mutant("unreachable code is a trap of that kind", max_others=8)
class TellsNoTrapKinds(ReferenceInstance):
    """Reports what the runtime reports as ``OTHER``, which fails the nine checks of kinds and no others."""

    def __init__(self, definition: ModuleDefinition, host: Host, limits: Limits) -> None:
        super().__init__(definition, host, limits)
        self.guest.trap = self.trap  # type: ignore[method-assign]

    def trap(self, kind: TrapKind) -> NoReturn:
        raise Trap(kind.value, kind=TrapKind.OTHER)


@mutant("unreachable code is a trap of that kind", max_others=21)
class SwallowsTraps(_Trapping):
    def handle_trap(self, export: ExportedFunction, trap: Trap) -> int:
        return self.guest.put(buffers.encode(v.Structure(export.id, [(export.id, v.Unit())])))


@mutant("unreachable code is a trap of that kind")
class TrapsAreOrderlyErrors(_Trapping):
    def handle_trap(self, export: ExportedFunction, trap: Trap) -> int:
        return self.guest.put(buffers.encode_error(trap.message))


@mutant("a hundred traps do no more harm than one")
class DeadAfterATrap(_Trapping):
    def handle_trap(self, export: ExportedFunction, trap: Trap) -> int:
        self.close()
        raise trap


@mutant("an exit is a trap with the exit code")
class LosesExitCodes(ReferenceInstance):
    def wrap_call(self, call: BufferCall) -> BufferCall:
        wrapped = super().wrap_call(call)

        def without(argument: bytes) -> bytes:
            try:
                return wrapped(argument)
            except Trap as trap:
                trap.exit_code = None
                raise

        return without


@mutant("frames of calls that are unwound are given back")
class LosesFrames(ReferenceInstance):
    """Leaves the stack pointer of the guest where an unwound call had it."""

    def stack_pointer(self) -> GlobalVariable | None:
        return None


@mutant("a nested crash leaves the running call its frame")
class PutsTheStackBackTooFar(ReferenceInstance):
    """Puts the stack pointer where the outermost call found it, whatever the depth of the failed call."""

    def attach_stack(self, pointer: GlobalVariable | None, *, unknown: bool) -> None:
        assert pointer is not None
        found, resting = pointer, pointer.get()

        class Resting:
            def get(self) -> int:
                return resting

            def set(self, value: int) -> None:
                found.set(resting)

        super().attach_stack(Resting(), unknown=unknown)


class _MovedStack:
    """A stack pointer that is put back beside where it was."""

    def __init__(self, found: GlobalVariable, by: int) -> None:
        self.found, self.by, self.resting = found, by, found.get()

    def get(self) -> int:
        return self.found.get()

    def set(self, value: int) -> None:
        self.found.set(value if value == self.resting else value - self.by)


@mutant("the stack of every level is where it was after a failure below")
class LosesAFrameOfNestedFailures(ReferenceInstance):
    def attach_stack(self, pointer: GlobalVariable | None, *, unknown: bool) -> None:
        assert pointer is not None
        super().attach_stack(_MovedStack(pointer, 16), unknown=unknown)


@mutant("the stack of every level is where it was after a trap below")
class LosesAFrameOfNestedTraps(LosesAFrameOfNestedFailures):
    pass


@mutant("a call that an exception unwinds gives back its argument")
class KeepsArgumentsThatWereUnwound(ReferenceInstance):
    def begin(self) -> None:
        self.unsettled.clear()
        super().begin()


@mutant("a call that traps gives back its argument")
class KeepsArgumentsOfTraps(KeepsArgumentsThatWereUnwound):
    pass


@mutant("endless recursion in a thread ends in order whatever its stack")
class EndsThreadsWithRecursionErrors(ReferenceInstance):
    """Leaves the end of Python's stack to others, as an interpreter may."""

    def __init__(self, definition: ModuleDefinition, host: Host, limits: Limits) -> None:
        super().__init__(definition, host, limits)
        self.guest.trap = self.trap  # type: ignore[method-assign]

    def trap(self, kind: TrapKind) -> NoReturn:
        if kind is TrapKind.STACK_OVERFLOW and current_thread() is not main_thread():
            raise RecursionError("maximum recursion depth exceeded")
        raise Trap(kind.value, kind=kind)


@mutant("a chain of modules that recurse ends in order")
class EndsChainsWithRecursionErrors(ReferenceInstance):
    running: ClassVar[int] = 0

    def run_export(self, export: ExportedFunction, argument_at: int) -> int:
        cls = EndsChainsWithRecursionErrors
        cls.running += 1
        try:
            if cls.running > 8 and export.name == "burrow":
                raise RecursionError("maximum recursion depth exceeded")
            return super().run_export(export, argument_at)
        finally:
            cls.running -= 1
