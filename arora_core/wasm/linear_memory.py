"""The guest protocol (ABI §3, §4) over a linear memory, once, for every WebAssembly executor.

An executor supplies the memory, the guest's exports as ``int -> int`` callables and the host's imports that
call :meth:`LinearGuest.answer_dispatch` and :meth:`LinearGuest.answer_dispatch_indirect`; it gets an instance's
``dispatch`` and ``function``. Nothing here knows any runtime.

Every pointer and size that comes from the guest is held against the size of its memory before use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NoReturn, Protocol, cast
from uuid import UUID

from ..errors import EngineClosed, FunctionNotFound, ModuleBusy, Trap, TrapKind
from ..executor import TRANSFER_THRESHOLD, Host, Transfer

U32: Final = 0xFFFF_FFFF
U64: Final = 0xFFFF_FFFF_FFFF_FFFF
PREFIX: Final = 4
"""Bytes of a buffer's size prefix."""
SMALLEST: Final = 5
"""Bytes of the smallest buffer: its prefix and a tag."""
SLACK: Final = 8
"""Bytes asked for behind an argument: guests may read a few bytes past its end."""
_LEAST_KEPT: Final = 256

_ID: Final = 16
"""Bytes of a module's or a function's id."""
_VECTOR: Final = 8
"""Bytes of an iovec: pointer and size."""
_MOST_VECTORS: Final = 1024
_MOST_WRITTEN: Final = 1 << 16
_EBADF: Final = 8
_EFAULT: Final = 21

Export = Callable[[int], int]
"""An export of the guest. It takes and gives 32 bits, signed or not (what a function without result gives is
ignored), and raises Trap or LimitExceeded, or the exception that :class:`LinearGuest` carries."""

BufferCall = Callable[[bytes], bytes]
"""An argument buffer to a result buffer."""

TransferCall = Callable[[Transfer], Any]
"""A large argument, and what reads the result, to what that returns."""


class LinearMemory(Protocol):
    """A guest's memory. Offsets and sizes are bytes, and lie inside the memory: the caller has seen to that.

    Neither may hold on to a view beyond what a growing memory permits, and ``read`` returns a copy.
    """

    def size(self) -> int:
        """How many bytes there are now. A WebAssembly memory never shrinks."""
        ...

    def read(self, offset: int, size: int) -> bytes: ...

    def write(self, offset: int, data: bytes) -> None: ...


class MappedMemory(LinearMemory, Protocol):
    """A guest's memory that is in the process's own, and need not be copied to be looked at."""

    def view(self, offset: int, size: int) -> memoryview:
        """These bytes themselves, one by one and writable; valid until the guest runs again."""
        ...


class LinearGuest:
    """One guest, from the making of its imports to its end.

    Made before the guest exists, because its imports have to be; :meth:`attach` gives it the guest.

    ``carried`` is how exceptions get across the guest: whatever an import raises is put there by the
    executor's trampoline, which then makes the guest trap; the export through which the guest was entered
    finds it there and raises it with :meth:`raise_carried`. Nothing of the guest runs in between, so a call
    that fails inside a call that is still running takes its own exception along, and no other.
    """

    __slots__ = (
        "carried",
        "_host",
        "_memory",
        "_view",
        "_alloc",
        "_free",
        "_size",
        "_functions",
        "_transfers",
        "calls_out",
        "_rooms",
        "_lost",
        "_closed",
    )

    def __init__(self, host: Host) -> None:
        self.carried: list[BaseException] = []
        self._host = host
        self._memory: LinearMemory = _NO_MEMORY
        self._view: Callable[[int, int], memoryview] | None = None
        self._alloc: Export = _not_ready
        self._free: Export = _not_ready
        self._size = 0
        self._functions: dict[bytes, BufferCall] = {}
        self._transfers: dict[bytes, TransferCall] = {}
        self.calls_out = 0
        """How many calls of the guest to its host are under way. A call into it from inside them nests as deep."""
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
        """Takes the guest's exports.

        ``functions`` is by function id (16 raw bytes). ``around`` wraps each call of one from buffer to buffer,
        for an executor that has something to measure there.
        """
        self._memory = memory
        self._alloc = alloc
        self._free = free
        self._view = getattr(memory, "view", None)
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
        """Argument buffer to result buffer, for one function. Raises FunctionNotFound, EngineClosed."""
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

    def _read_in_place(self, offset: int, size: int, read: Callable[[bytes | memoryview], Any]) -> Any:
        if self._view is None:
            return read(self._memory.read(offset, size))
        with self._view(offset, size) as view:
            return read(view)

    def _write_pieces(self, offset: int, size: int, pieces: Sequence[bytes | memoryview]) -> None:
        if self._view is None:
            self._memory.write(offset, b"".join(pieces))
            return
        view, at = self._view(offset, size), 0
        for piece in pieces:
            view[at : at + len(piece)] = piece
            at += len(piece)

    def _begin(self) -> None:
        """What comes first in every call."""
        self._refuse_if_closed()
        # Left over from a call that a signal cut short in the instant after its guest had failed.
        self.carried.clear()

    def take(self, result_at: int, argument_at: int, argument_end: int) -> bytes:
        """A copy of the buffer that the guest answered with, which is freed; the argument lies in the range given.

        Raises Trap of kind ABI for what is no buffer, or not all inside of the memory, or the argument's.
        """
        result = self._memory.read(result_at, self._checked_size(result_at, argument_at, argument_end))
        self._free(result_at)
        return result

    def _checked_size(self, result_at: int, argument_at: int, argument_end: int) -> int:
        end = result_at + PREFIX
        if end > self._size and end > self._refreshed():
            self._fail(f"answered with a buffer at {result_at:#x}", outside=True)
        size = int.from_bytes(self._memory.read(result_at, PREFIX), "little")
        end = result_at + size
        if size < SMALLEST or not result_at or (end > self._size and end > self._refreshed()):
            self._refuse_result(result_at, size)
        if argument_at <= result_at < argument_end:
            # The result is freed, and the argument is not the guest's to have freed: it is used again.
            self._fail(f"answered with its own argument buffer, at {result_at:#x}")
        return size

    def _make_room(self, depth: int, size: int) -> tuple[int, int]:
        """Memory to keep for arguments of ``size`` bytes at this depth of nesting: its offset and capacity."""
        while len(self._rooms) <= depth:
            self._rooms.append(_NO_ROOM)
        outgrown, _ = self._rooms[depth]
        if outgrown:
            self._rooms[depth] = _NO_ROOM
            self._free(outgrown)
        capacity = max(_LEAST_KEPT, 1 << (size - 1).bit_length())
        self._rooms[depth] = self.reserve(capacity), capacity
        return self._rooms[depth]

    def place(self, data: bytes) -> int:
        """Writes ``data`` into memory from the guest's allocator; returns its offset."""
        offset = self.reserve(len(data))
        self._memory.write(offset, data)
        return offset

    def reserve(self, size: int) -> int:
        """Memory from the guest's allocator for ``size`` bytes and some behind them; returns its offset."""
        reserved = size + SLACK
        if reserved > U32:
            self._fail(f"cannot take a buffer of {size} bytes, its memory has 32-bit addresses")
        return self.check_reserved(self._alloc(reserved) & U32, reserved)

    def check_reserved(self, offset: int, reserved: int) -> int:
        """``offset``, which the allocator answered when it was asked for so many bytes. Raises Trap of kind ABI."""
        end = offset + reserved
        if not offset:
            self._fail(f"arora_buffer_alloc({reserved}) answered null: it is out of memory")
        if end > self._size and end > self._refreshed():
            self._fail(f"arora_buffer_alloc({reserved}) answered {offset:#x}", outside=True)
        return offset

    # Calls out of the guest.

    def answer_dispatch(self, module_at: int, function_at: int, argument_at: int) -> int:
        """``env.arora_dispatch``: pointers in, the pointer of a buffer the guest owns out.

        Raises Trap, and whatever the host raises; the executor carries it across the guest.
        """
        return self.place(self.ask_dispatch(module_at, function_at, argument_at))

    def answer_dispatch_indirect(self, callable_id: int) -> int:
        """``env.arora_dispatch_indirect``: a callable's id in, the pointer of a buffer the guest owns out."""
        return self.place(self.ask_dispatch_indirect(callable_id))

    def ask_dispatch(self, module_at: int, function_at: int, argument_at: int) -> bytes:
        """What to answer ``env.arora_dispatch`` with, for an executor that puts it into the guest's memory itself."""
        module_at, function_at, argument_at = module_at & U32, function_at & U32, argument_at & U32
        read, end = self._memory.read, self._size
        if module_at + _ID > end or function_at + _ID > end or argument_at + PREFIX > end:
            self._require(module_at, _ID, "a module id")
            self._require(function_at, _ID, "a function id")
            self._require(argument_at, PREFIX, "an argument buffer")
        size = int.from_bytes(read(argument_at, PREFIX), "little")
        if size < SMALLEST:
            self._fail(f"called arora_dispatch with a buffer of {size} bytes at {argument_at:#x}; 5 is the smallest")
        if argument_at + size > end:
            self._require(argument_at, size, f"an argument buffer of {size} bytes")
        module_id, function_id, argument = read(module_at, _ID), read(function_at, _ID), read(argument_at, size)
        self.calls_out += 1
        try:
            return self._host.dispatch(module_id, function_id, argument)
        finally:
            self.calls_out -= 1

    def ask_dispatch_indirect(self, callable_id: int) -> bytes:
        """What to answer ``env.arora_dispatch_indirect`` with."""
        if self._memory is _NO_MEMORY:
            _not_ready(0)
        self.calls_out += 1
        try:
            return self._host.dispatch_indirect(callable_id & U64)
        finally:
            self.calls_out -= 1

    def answer_fd_write(self, fd: int, vectors_at: int, count: int, written_at: int) -> int:
        """``wasi_snapshot_preview1.fd_write``, for a guest that has nothing to write to but its host's output.

        Returns an errno of WASI. Writes no more than 64 KiB of the first 1024 vectors: a guest has to
        expect that of any write.
        """
        vectors_at, written_at, fd = vectors_at & U32, written_at & U32, fd & U32
        vectors_end = vectors_at + (count & U32) * _VECTOR
        if fd not in (1, 2):
            return _EBADF
        if max(vectors_end, written_at + 4) > self._refreshed():
            return _EFAULT
        text = bytearray()
        for vector_at in range(vectors_at, vectors_end, _VECTOR)[:_MOST_VECTORS]:
            vector = self._memory.read(vector_at, _VECTOR)
            part_at, size = int.from_bytes(vector[:4], "little"), int.from_bytes(vector[4:], "little")
            if part_at + size > self._size:
                return _EFAULT
            text += self._memory.read(part_at, min(size, _MOST_WRITTEN - len(text)))
            if len(text) == _MOST_WRITTEN:
                break
        self.calls_out += 1
        try:
            self._host.write_output(fd, bytes(text))
        finally:
            self.calls_out -= 1
        self._memory.write(written_at, len(text).to_bytes(4, "little"))
        return 0

    def _require(self, offset: int, size: int, what: str) -> None:
        if offset + size > self._refreshed():
            self._fail(f"called arora_dispatch with {what} at {offset:#x}", outside=True)

    # Failures.

    def raise_carried(self) -> NoReturn:
        """Raises the very exception that an import raised. Call it when ``carried`` is not empty."""
        try:
            raise self.carried[0]
        finally:
            self.carried.clear()

    def _refreshed(self) -> int:
        self._size = self._memory.size()
        return self._size

    def _refuse_result(self, offset: int, size: int) -> NoReturn:
        if not offset:
            self._fail("answered with a null pointer")
        if size < SMALLEST:
            self._fail(f"answered with a buffer of {size} bytes at {offset:#x}; 5 is the smallest")
        self._fail(f"answered with a buffer of {size} bytes at {offset:#x}", outside=True)

    def _fail(self, message: str, *, outside: bool = False) -> NoReturn:
        where = f", outside its {self._refreshed()} bytes of memory" if outside else ""
        raise Trap(message + where, kind=TrapKind.ABI)

    # The end.

    @property
    def closed(self) -> bool:
        """Whether every later call is refused."""
        return bool(self._closed)

    def close(self) -> None:
        """Refuses every later call, and lets go of the guest. Idempotent.

        Raises ModuleBusy from inside a call of this guest: it cannot be taken away from under itself.
        """
        if self.calls_out:
            raise ModuleBusy("cannot be closed from inside one of its own calls")
        self._closed.append(True)
        self._functions.clear()
        self._transfers.clear()
        self._memory, self._view = _NO_MEMORY, None
        self._size = 0
        self._alloc = self._free = _not_ready

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise EngineClosed("is closed")


class _NoMemory:
    """Stands for the memory of a guest that has none yet, or none any more."""

    def size(self) -> int:
        return 0

    def read(self, offset: int, size: int) -> bytes:
        raise AssertionError("nothing lies inside an empty memory")

    def write(self, offset: int, data: bytes) -> None:
        raise AssertionError("nothing lies inside an empty memory")


_NO_MEMORY: Final = _NoMemory()
_NO_ROOM: Final = (0, 0)


def _not_ready(_: int) -> int:
    raise Trap("called its host while it was still being instantiated", kind=TrapKind.ABI)


def _readable(id: bytes) -> str:
    return str(UUID(bytes=id)) if len(id) == 16 else repr(id)
