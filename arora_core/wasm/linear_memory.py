"""The guest protocol (ABI §3, §4) over a linear memory, once, for every WebAssembly executor.

An executor supplies the memory, the guest's exports as ``int -> int`` callables and the host's imports that
call :meth:`LinearGuest.answer_dispatch` and :meth:`LinearGuest.answer_dispatch_indirect`; it gets an instance's
``dispatch`` and ``function``. Nothing here knows any runtime.

Every pointer and size that comes from the guest is compared with the size of its memory before use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn, cast
from uuid import UUID

from ..errors import EngineClosed, FunctionNotFound, ModuleBusy
from ..executor import TRANSFER_THRESHOLD, Host, Transfer
from .guest_interface import U32, BufferCall, Export, LinearMemory, MappedMemory, TransferCall
from .guest_memory import SLACK
from .host_calls import HostCalls

_LEAST_KEPT: Final = 256
"""Bytes of the smallest memory kept for arguments."""
_NO_ROOM: Final = (0, 0)


class LinearGuest(HostCalls):
    """One guest, from the making of its imports to its end.

    Made before the guest exists, because its imports have to be; :meth:`attach` gives it the guest.

    ``carried`` is how exceptions get across the guest: whatever an import raises is put there by the
    executor's trampoline, which then makes the guest trap; the export through which the guest was entered
    finds it there and raises it with :meth:`raise_carried`. Nothing of the guest runs in between, so a call
    that fails inside a call that is still running takes its own exception along, and no other.
    """

    __slots__ = ("_closed", "_functions", "_lost", "_rooms", "_transfers", "carried")

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.carried: list[BaseException] = []
        self._functions: dict[bytes, BufferCall] = {}
        self._transfers: dict[bytes, TransferCall] = {}
        # For each depth of nesting, the offset and capacity of the memory for its argument.
        self._rooms: list[tuple[int, int]] = []
        self._lost: list[int] = []
        self._closed: list[bool] = []

    def attach(
        self,
        memory: LinearMemory | MappedMemory,
        alloc: Export,
        free: Export,
        functions: Mapping[bytes, Export],
        around: Callable[[BufferCall], BufferCall] | None = None,
    ) -> None:
        """Take the guest's exports.

        ``functions`` is by function id (16 raw bytes). ``around`` wraps each call of one from buffer to buffer,
        for an executor that has something to measure there.
        """
        self._attach_memory(memory, alloc, free)
        for id, function in functions.items():
            transfer = self._bound_transfer(function)
            call = self._bound(function, transfer)
            if around is not None:
                # It hands on what it is given and what it gets, whichever of the two it is.
                call, transfer = around(call), cast("TransferCall", around(cast("BufferCall", transfer)))
            self._functions[id], self._transfers[id] = call, transfer

    # Calls into the guest.

    def dispatch(self, function_id: bytes, argument: bytes) -> bytes:
        """As :meth:`arora_core.executor.Instance.dispatch`."""
        return self.function(function_id)(argument)

    def function(self, function_id: bytes) -> BufferCall:
        """Return what calls one function, argument buffer to result buffer. Raises FunctionNotFound, EngineClosed."""
        try:
            return self._functions[function_id]
        except KeyError:
            self._refuse_if_closed()
            raise FunctionNotFound(f"exports no function {_readable(function_id)}") from None

    def transfer(self, function_id: bytes) -> TransferCall:
        """As :meth:`arora_core.executor.Instance.transfer`. Raises FunctionNotFound, EngineClosed."""
        self.function(function_id)
        return self._transfers[function_id]

    def _bound(self, function: Export, transfer: TransferCall) -> BufferCall:
        # Everything that stays the same from call to call is a local of this closure.
        carried, closed, rooms = self.carried, self._closed, self._rooms
        write, take = self._memory.write, self.take

        def call(argument: bytes) -> bytes:
            if closed or carried:
                self._begin()
            depth = self.calls_out
            argument_at, capacity = rooms[depth] if depth < len(rooms) else _NO_ROOM
            if len(argument) > capacity:
                if len(argument) > TRANSFER_THRESHOLD:
                    result: bytes = transfer(Transfer((argument,), bytes))
                    return result
                argument_at, capacity = self._make_room(depth, len(argument))
            write(argument_at, argument)
            # When the guest traps, or breaks the ABI, it is not entered again to free the result: a crash may have
            # left its allocator's own data half written, and calling that would turn one failure into another. The
            # buffer is lost to the guest; later calls are as good as before.
            result_at = function(argument_at) & U32
            return take(result_at, argument_at, argument_at + capacity + SLACK)

        return call

    def _bound_transfer(self, function: Export) -> TransferCall:
        # A large argument has its memory for one call: the guest may need it for something else.
        def transfer(large: Transfer) -> Any:
            self._begin()
            # What a failed call had for its argument: not freed then, for the guest may have crashed in its allocator.
            # This call is about to enter that anyway.
            while self._lost:
                self._free(self._lost.pop())
            size = sum(map(len, large.pieces))
            argument_at = self.reserve(size)
            try:
                self._write_pieces(argument_at, size, large.pieces)
                large.release()
                result_at = function(argument_at) & U32
                result_size = self._checked_size(result_at, argument_at, argument_at + size + SLACK)
            except BaseException:
                self._lost.append(argument_at)
                raise
            try:
                return self._read_in_place(result_at, result_size, large.read)
            finally:
                self._free(result_at)
                self._free(argument_at)

        return transfer

    def _begin(self) -> None:
        """What comes first in every call."""
        self._refuse_if_closed()
        # Left over from a call that a signal cut short in the instant after its guest had failed.
        self.carried.clear()

    def _make_room(self, depth: int, size: int) -> tuple[int, int]:
        """Reserve memory to keep for arguments of ``size`` bytes at this depth; return its offset and capacity."""
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
        """Raise the very exception that an import raised. Call it when ``carried`` is not empty."""
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
        """Refuse every later call, and let go of the guest. Idempotent.

        Raises ModuleBusy from inside a call of this guest: it cannot be taken away from under itself.
        """
        if self.calls_out:
            raise ModuleBusy("cannot be closed from inside one of its own calls")
        self._closed.append(True)
        self._functions.clear()
        self._transfers.clear()
        self._detach_memory()

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise EngineClosed("is closed")


def _readable(id: bytes) -> str:
    return str(UUID(bytes=id)) if len(id) == 16 else repr(id)
