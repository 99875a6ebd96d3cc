"""The guest protocol (ABI §3, §4) over a linear memory, for every WebAssembly executor.

An executor supplies the memory, the guest's exports as ``int -> int`` callables, and imports that call
:meth:`LinearGuest.answer_dispatch` and :meth:`LinearGuest.answer_dispatch_indirect`. It gets the ``dispatch``,
``function`` and ``transfer`` of an instance. Nothing here depends on a runtime.

Every pointer and size from the guest is compared with the size of its memory before use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn, cast
from uuid import UUID

from ..errors import EngineClosed, FunctionNotFound, ModuleBusy, Trap
from ..executor import TRANSFER_THRESHOLD, Host, Transfer
from .guest_interface import U32, BufferCall, Export, GlobalVariable, LinearMemory, MappedMemory, TransferCall
from .guest_memory import SLACK
from .host_calls import HostCalls
from .kept_stack import KeptStack

_LEAST_KEPT: Final = 256
"""Smallest capacity kept for arguments, in bytes."""
_NO_ROOM: Final = (0, 0)


class LinearGuest(HostCalls):
    """The host's side of one guest, from the creation of its imports until it is closed.

    Create it before the guest is instantiated, because the imports need it, then call :meth:`attach`.

    ``carried`` holds the pending exception while the guest unwinds. When an import raises, the executor's trampoline
    puts the exception there and makes the guest trap; the export that entered the guest raises it again with
    :meth:`raise_carried`. No guest code runs in between, so a failed nested call raises its own exception, and never
    that of another call.
    """

    __slots__ = ("_closed", "_functions", "_rooms", "_transfers", "carried", "kept_stack", "unsettled")

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.carried: list[BaseException] = []
        self._functions: dict[bytes, BufferCall] = {}
        self._transfers: dict[bytes, TransferCall] = {}
        # By nesting depth: offset and capacity of the memory kept for arguments.
        self._rooms: list[tuple[int, int]] = []
        self._closed: list[bool] = []
        self.kept_stack: Final = KeptStack()
        self.unsettled: Final[list[int]] = []
        """Arguments of failed calls, which the next call frees."""

    def attach(
        self,
        memory: LinearMemory | MappedMemory,
        alloc: Export,
        free: Export,
        functions: Mapping[bytes, Export],
        around: Callable[[BufferCall], BufferCall] | None = None,
    ) -> None:
        """Use the memory and exports of an instantiated guest.

        ``functions`` are the exports by function id (16 raw bytes). ``around`` wraps every call of one of them, for an
        executor that has to measure or limit calls.
        """
        self._attach_memory(memory, alloc, free)
        for id, function in functions.items():
            transfer = self._bound_transfer(function)
            call = self._bound(function, transfer)
            if around is not None:
                # It passes argument and result through unchanged, so it can wrap either kind of call.
                call, transfer = around(call), cast("TransferCall", around(cast("BufferCall", transfer)))
            self._functions[id], self._transfers[id] = call, transfer

    def attach_stack(self, pointer: GlobalVariable | None, *, unknown: bool) -> None:
        """Put this stack pointer back after every failure. Call it once the guest has been initialized.

        ``unknown`` says that the guest may have a stack, but not where: :attr:`needs_restart` is true after a failure.
        So it is where this is never called.
        """
        self.kept_stack.attach(pointer, unknown=unknown)

    @property
    def needs_restart(self) -> bool:
        """As :attr:`arora_core.executor.Instance.needs_restart`."""
        return self.kept_stack.is_lost

    # Calls into the guest.

    def dispatch(self, function_id: bytes, argument: bytes) -> bytes:
        """Call a function, as :meth:`arora_core.executor.Instance.dispatch`."""
        return self.function(function_id)(argument)

    def function(self, function_id: bytes) -> BufferCall:
        """Return the entry point of one function. Raises FunctionNotFound, EngineClosed."""
        try:
            return self._functions[function_id]
        except KeyError:
            self._refuse_if_closed()
            raise FunctionNotFound(f"exports no function {_readable(function_id)}") from None

    def transfer(self, function_id: bytes) -> TransferCall:
        """Return the entry point of one function for large buffers. Raises FunctionNotFound, EngineClosed."""
        self.function(function_id)
        return self._transfers[function_id]

    def _bound(self, function: Export, transfer: TransferCall) -> BufferCall:
        # Everything that is the same in every call is a local of this closure.
        carried, closed, unsettled, rooms = self.carried, self._closed, self.unsettled, self._rooms
        write, take, stack = self._memory.write, self.take, self.kept_stack

        def call(argument: bytes) -> bytes:
            if closed or carried or unsettled:
                self.begin()
            depth = self.calls_out
            position = stack.position() if depth else None
            try:
                argument_at, capacity = rooms[depth] if depth < len(rooms) else _NO_ROOM
                if len(argument) > capacity:
                    if len(argument) > TRANSFER_THRESHOLD:
                        result: bytes = transfer(Transfer((argument,), bytes))
                        return result
                    argument_at, capacity = self._make_room(depth, len(argument))
                write(argument_at, argument)
                # A guest that trapped or broke the ABI is not entered again to free the result: a crash may have left
                # the data of its allocator inconsistent, and calling it could cause another failure.
                result_at = function(argument_at) & U32
                return take(result_at, argument_at, argument_at + capacity + SLACK)
            except BaseException:
                stack.put_back(position)
                raise

        return call

    def _bound_transfer(self, function: Export) -> TransferCall:
        # The memory of a large argument is freed after the call, because the guest may need it.
        def transfer(large: Transfer) -> Any:
            self.begin()
            position = self.kept_stack.position() if self.calls_out else None
            size = sum(map(len, large.pieces))
            argument_at = 0
            try:
                argument_at = self.reserve(size)
                self._write_pieces(argument_at, size, large.pieces)
                large.release()
                result_at = function(argument_at) & U32
                result_size = self._checked_size(result_at, argument_at, argument_at + size + SLACK)
            except BaseException:
                self.kept_stack.put_back(position)
                if argument_at:
                    self.unsettled.append(argument_at)
                raise
            self.unsettled.append(argument_at)
            try:
                return self._read_in_place(result_at, result_size, large.read)
            finally:
                try:
                    self._free(result_at)
                    self._free(self.unsettled.pop())
                except BaseException:
                    self.kept_stack.put_back(position)
                    raise

        return transfer

    def begin(self) -> None:
        """Refuse the call if the guest is closed, and clean up after the calls before it."""
        self._refuse_if_closed()
        # Left over from a call that a signal handler's exception ended just after its guest had failed.
        self.carried.clear()
        # Arguments of failed calls were not freed at the time: the guest may have crashed in its allocator, or have
        # used up its limits. An allocator that crashes again keeps the memory.
        while self.unsettled:
            position = self.kept_stack.position() if self.calls_out else None
            try:
                self._free(self.unsettled.pop())
            except Trap:
                self.kept_stack.put_back(position)

    def _make_room(self, depth: int, size: int) -> tuple[int, int]:
        """Allocate memory for the arguments of this depth, at least ``size`` bytes; return its offset and capacity."""
        while len(self._rooms) <= depth:
            self._rooms.append(_NO_ROOM)
        outgrown, _ = self._rooms[depth]
        if outgrown:
            self._rooms[depth] = _NO_ROOM
            self._free(outgrown)
        capacity = max(_LEAST_KEPT, 1 << (size - 1).bit_length())
        self._rooms[depth] = self.reserve(capacity), capacity
        return self._rooms[depth]

    # Failures.

    def raise_carried(self) -> NoReturn:
        """Raise the pending exception, the same object that an import raised. ``carried`` must not be empty."""
        try:
            raise self.carried[0]
        finally:
            self.carried.clear()

    # The end.

    @property
    def closed(self) -> bool:
        """Whether every later call is refused."""
        return bool(self._closed)

    def close(self) -> None:
        """Refuse every later call, and release the references to the guest. Idempotent.

        Raises ModuleBusy from inside a call of this guest, which still needs its memory.
        """
        if self.calls_out:
            raise ModuleBusy("cannot be closed from inside one of its own calls")
        self._closed.append(True)
        self._functions.clear()
        self._transfers.clear()
        self.kept_stack.detach()
        self._detach_memory()

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise EngineClosed("is closed")


def _readable(id: bytes) -> str:
    return str(UUID(bytes=id)) if len(id) == 16 else repr(id)
