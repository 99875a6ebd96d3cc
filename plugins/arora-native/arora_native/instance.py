"""A loaded library: the guest protocol (ABI §5) over the memory of this process."""

from __future__ import annotations

import ctypes
import logging
import sys
from collections.abc import Callable, Sequence
from ctypes import CFUNCTYPE, Array, byref, c_char, c_size_t, c_uint8, c_uint32, c_uint64, c_void_p
from functools import partial
from typing import Any, Final, NamedTuple, NoReturn
from uuid import UUID

from arora_core.buffers import encode_error
from arora_core.errors import EngineClosed, FunctionNotFound, ModuleBusy, Trap, TrapKind
from arora_core.executor import Host, Instance, Rows, RowsCall, Transfer
from arora_core.guest_symbols import ALLOC, FREE, function_symbol
from arora_core.wasm.c_callbacks import Unwinding, c_callback, require_frame

from .address_space import memory, size_at, sizes, view
from .floating_point import Environment, environment, set_environment
from .library import Library
from .row_loop import SYMBOL, NativeRows

SMALLEST: Final = 5
"""Bytes of the smallest buffer."""
_U32: Final = 0xFFFF_FFFF
_SLACK: Final = 8
"""Readable bytes behind an argument, because guests may read a few past its end."""
_SMALL: Final = 1 << 16
"""Bytes of argument memory that an instance allocates at its first call."""
_KEPT: Final = 1 << 26
"""The most bytes of argument memory that an instance keeps for its next call. Allocating memory for a large argument
costs more than copying the argument, because the system maps it page by page."""
_HOST_FAILED: Final = encode_error("the host failed; this call is being unwound")
_WRONG_THREAD: Final = encode_error(
    "the host can only be called by the thread that called the module, not by one that the library started"
)

_LOG: Final = logging.getLogger("arora.native")
_CALLBACKS: Final[dict[int, object]] = {}
"""Those that closed libraries may still call, because they could not be unloaded."""
_HERE: Final = globals()
_frame: Final = sys._getframe
_CALLER: Final = 2
"""The frame below those of a callback, a method here and ``c_callback``'s: of code here if this thread called a module,
which now calls back. The engine is locked during a call: another thread, one of the library's own, would wait for ever.
Its callbacks have no such frame, and finding that out costs the calls themselves nothing."""
_DISPATCH: Final = CFUNCTYPE(c_size_t, c_void_p, c_void_p, c_void_p)
_DISPATCH_INDIRECT: Final = CFUNCTYPE(c_size_t, c_uint64)


class _Room(NamedTuple):
    """Host memory for one argument, 8-byte aligned."""

    content: Array[c_char]
    """Assigning to its ``raw`` copies the argument, or raises ValueError if it is too long."""
    pointer: Any
    """The pointer to pass to the guest. Keeps the memory alive."""
    address: int
    end: int


def _room(size: int) -> _Room:
    words = (c_uint64 * (-(-(size + _SLACK) // 8)))()
    address = ctypes.addressof(words)
    return _Room((c_char * size).from_buffer(words), byref(words), address, address + ctypes.sizeof(words))


class NativeInstance(Instance):
    """An instance of a library. Raises MalformedExecutable or MissingExport."""

    def __init__(
        self,
        name: str,
        exports: Sequence[tuple[bytes, str]],
        library: Callable[[], Library],
        host: Host,
        *,
        guarded: bool,
    ) -> None:
        """Take the module's name, the ids and names of its exports, and what loads its library.

        ``guarded``: whether calls may change the floating-point environment.
        """
        self._dispatch: Callable[..., bytes] = host.dispatch
        self._dispatch_indirect: Callable[..., bytes] = host.dispatch_indirect
        # The floating-point environments outside of the running calls, where calls may change it.
        self._environments: list[Environment] = []
        self._name = name
        # An exception cannot unwind native code. It is pending here until the guest's function returns.
        self._pending: list[BaseException] = []
        self._rooms: list[_Room] = []
        # Active callbacks, which is also the nesting depth of the next call into the guest.
        self._calls_out = 0
        self._exports: dict[bytes, Any] = {}
        self._functions: dict[bytes, Callable[[bytes], bytes]] = {}
        self._closed = False
        self._host_failed = c_uint8()
        unwinding = Unwinding(self._on_failure)
        # The library holds their addresses, so they must live as long as it does.
        self._callbacks = (
            _DISPATCH(c_callback(self._on_dispatch, self._pending, unwinding)),
            _DISPATCH_INDIRECT(c_callback(self._on_dispatch_indirect, self._pending, unwinding)),
        )
        if guarded:
            self._dispatch = self._outside(self._dispatch)
            self._dispatch_indirect = self._outside(self._dispatch_indirect)
        self._library = library()
        try:
            self._alloc = self._library.function(ALLOC, c_void_p)
            self._free = self._library.function(FREE, None, quick=True)
            self._free.argtypes = [c_void_p]
            for id, name in exports:
                function = self._library.function(function_symbol(id), c_void_p, f", which is {name}")
                if guarded:
                    function = self._guarded(function)
                self._exports[id] = function
                self._functions[id] = self._bound(function)
            # Each row needs the floating-point environment of the caller.
            self._call_rows = None if guarded else self._library.optional_function(SYMBOL, c_uint32)
            self._library.set_pointer("arora_dispatch_fn", self._callbacks[0])
            self._library.set_pointer("arora_dispatch_indirect_fn", self._callbacks[1])
        except BaseException:
            self.close()
            raise

    def dispatch(self, function_id: bytes, argument: bytes) -> bytes:
        return self.function(function_id)(argument)

    def function(self, function_id: bytes) -> Callable[[bytes], bytes]:
        try:
            return self._functions[function_id]
        except KeyError:
            self._refuse_if_closed()
            name = str(UUID(bytes=function_id)) if len(function_id) == 16 else repr(function_id)
            raise FunctionNotFound(f"exports no function {name}") from None

    def transfer(self, function_id: bytes) -> Callable[[Transfer], Any]:
        self.function(function_id)
        return partial(self._transfer, self._exports[function_id])

    def in_place(self, function_id: bytes) -> Callable[[Any, int, int], int]:
        """Return the entry point of one function for an argument in memory that the caller owns.

        It takes a pointer to it, and where that memory begins and ends. It returns the address of the result, which the
        caller has not looked at yet, and gives back with :meth:`give_back`.
        """
        function, pending = self._exports[function_id], self._pending

        def call(pointer: Any, begin: int, end: int) -> int:
            if pending:
                pending.clear()
            require_frame()
            result_at: int | None = function(pointer)
            if pending or not result_at or begin <= result_at < end:
                self._refuse_result(result_at)
            return result_at

        return call

    def give_back(self, result_at: int) -> None:
        """Free a result of :meth:`in_place`. Raises what the guest's host raised meanwhile."""
        self._free(result_at)
        if self._pending:
            self._raise_pending(None)

    @property
    def loops(self) -> bool:
        """Whether the library itself calls its functions row by row."""
        return self._call_rows is not None

    def batch(self, function_id: bytes) -> RowsCall:
        plain = super().batch(function_id)
        loop = self._call_rows
        return plain if loop is None else partial(self._batch, loop, self._exports[function_id])

    def close(self) -> None:
        """Unload the library. Raise ModuleBusy inside one of its calls, which still has to return to it. Idempotent."""
        if self._calls_out:
            raise ModuleBusy("cannot be closed from inside one of its own calls")
        if self._library.closed:
            return
        self._closed = True
        self._functions.clear()
        self._rooms.clear()
        _CALLBACKS[id(self)] = self._callbacks
        if (why := self._library.close()) is None:
            del _CALLBACKS[id(self)]
        else:
            _LOG.warning("the library of module %s stays loaded: %s", self._name, why)

    def _bound(self, function: Any) -> Callable[[bytes], bytes]:
        pending, free, rooms = self._pending, self._free, self._rooms

        def call(argument: bytes) -> bytes:
            try:
                content, pointer, address, end = rooms[self._calls_out]
                content.raw = argument
            except (IndexError, ValueError):
                content, pointer, address, end = self._room(len(argument))
                content.raw = argument
            if pending:
                # Left by a call that a signal interrupted just after its guest had returned.
                pending.clear()
            require_frame()
            result_at = function(pointer)
            if pending or not result_at or address <= result_at < end:
                self._refuse_result(result_at)
            (size,) = size_at(sizes, result_at)
            if size < SMALLEST:
                fail_at_size(size)
            result: bytes = memory[result_at : result_at + size]
            free(result_at)
            if pending:
                self._raise_pending(None)
            return result

        return call

    def _guarded(self, function: Callable[[Any], int | None]) -> Callable[[Any], int | None]:
        """Return a function of the library wrapped so that it leaves the floating-point environment as it was."""
        environments = self._environments

        def call(pointer: Any) -> int | None:
            before = environment()
            environments.append(before)
            try:
                return function(pointer)
            finally:
                environments.pop()
                set_environment(before)

        return call

    def _outside(self, host: Callable[..., bytes]) -> Callable[..., bytes]:
        """Return a function of the host wrapped so that it runs in the caller's floating-point environment."""

        def run(*arguments: object) -> bytes:
            guest = environment()
            set_environment(self._environments[-1])
            try:
                return host(*arguments)
            finally:
                set_environment(guest)

        return run

    def _transfer(self, function: Any, transfer: Transfer) -> Any:
        self._refuse_if_closed()
        self._pending.clear()
        room, at = self._room(sum(map(len, transfer.pieces))), 0
        content = memoryview(room.content).cast("B")
        for piece in transfer.pieces:
            content[at : at + len(piece)] = piece
            at += len(piece)
        transfer.release()
        require_frame()
        result_at = function(room.pointer)
        if self._pending or not result_at or room.address <= result_at < room.end:
            self._refuse_result(result_at)
        (size,) = size_at(sizes, result_at)
        if size < SMALLEST:
            fail_at_size(size)
        try:
            with view(result_at, size) as result:
                return transfer.read(result)
        finally:
            self._free(result_at)
            if self._pending:
                self._raise_pending(None)

    def _batch(self, loop: Any, function: Any, rows: Rows) -> None:
        self._refuse_if_closed()
        self._pending.clear()
        self._host_failed.value = 0
        calls = self._native_rows(rows, function)
        require_frame()
        try:
            stopped = loop(byref(calls.structure))
        finally:
            rows.done = calls.structure.done
        if not stopped:
            return
        begin, end = calls.room
        self._take_unusual(rows, calls.structure.unusual, begin, end)

    def _take_unusual(self, rows: Rows, result_at: int | None, begin: int, end: int) -> None:
        """Take the result at which a library's loop has stopped. The argument is between ``begin`` and ``end``."""
        if self._pending or not result_at or begin <= result_at < end:
            self._refuse_result(result_at)
        (size,) = size_at(sizes, result_at)
        if size < SMALLEST:
            fail_at_size(size)
        rows.unusual = memory[result_at : result_at + size]
        self._free(result_at)
        if self._pending:
            rows.unusual = None
            self._raise_pending(None)

    def _native_rows(self, rows: Rows, function: Any) -> NativeRows:
        """Return what the library takes to make the calls of rows."""
        return NativeRows(rows, function, self._free, self._host_failed)

    def _refuse_result(self, result_at: int | None) -> NoReturn:
        if self._pending:
            self._raise_pending(result_at)
        _fail(f"returned {'its own argument buffer' if result_at else 'a null pointer'}")

    def _room(self, size: int) -> _Room:
        """Return memory for the argument of the next call. Each depth of nesting has its own."""
        self._refuse_if_closed()
        while len(self._rooms) <= self._calls_out:
            self._rooms.append(_room(_SMALL))
        room = self._rooms[self._calls_out]
        if size > len(room.content):
            room = _room(size)
            if size <= _KEPT:
                self._rooms[self._calls_out] = room
        return room

    def _raise_pending(self, result_at: int | None) -> NoReturn:
        try:
            if result_at:
                # ctypes would turn a RecursionError into an ArgumentError.
                require_frame()
                self._free(result_at)
            raise self._pending[0]
        finally:
            self._pending.clear()

    def _on_dispatch(self, module_at: int | None, function_at: int | None, argument_at: int | None) -> int:
        try:
            if _frame(_CALLER).f_globals is not _HERE:
                return self._error(_WRONG_THREAD)
        except ValueError:
            return self._error(_WRONG_THREAD)
        if not module_at or not function_at or not argument_at:
            _fail("called arora_dispatch with a null pointer")
        return self._answer_of(self._dispatch, *self._read_dispatch(module_at, function_at, argument_at))

    def _on_dispatch_indirect(self, callable_id: int) -> int:
        try:
            if _frame(_CALLER).f_globals is not _HERE:
                return self._error(_WRONG_THREAD)
        except ValueError:
            return self._error(_WRONG_THREAD)
        return self._answer_of(self._dispatch_indirect, callable_id)

    def _read_dispatch(self, module_at: int, function_at: int, argument_at: int) -> tuple[bytes, bytes, bytes]:
        """Return the module's id, the function's id and the argument that the guest points to."""
        argument = memory[argument_at : argument_at + size_at(sizes, argument_at)[0]]
        if len(argument) < SMALLEST:
            _fail(f"called arora_dispatch with a buffer of {len(argument)} bytes; the minimum is {SMALLEST}")
        return memory[module_at : module_at + 16], memory[function_at : function_at + 16], argument

    def _on_failure(self) -> int:
        """Return an error buffer for the guest, in place of the failed callback's answer and of all later ones."""
        self._host_failed.value = 1
        return self._error(_HOST_FAILED)

    def _error(self, buffer: bytes) -> int:
        """Return the address of an error buffer in memory that the guest owns, 0 if it has none."""
        answer_at: int | None = self._alloc(c_uint32(len(buffer) + _SLACK))
        if answer_at:
            ctypes.memmove(answer_at, buffer, len(buffer))
        return answer_at or 0

    def _answer_of(self, host: Callable[..., bytes], *arguments: object) -> int:
        """Call the host, and return the address of its answer in memory that the guest owns."""
        self._calls_out += 1
        try:
            answer = host(*arguments)
        finally:
            self._calls_out -= 1
        reserved = len(answer) + _SLACK
        answer_at: int | None = self._alloc(c_uint32(reserved)) if reserved <= _U32 else None
        if not answer_at:
            _fail(f"arora_buffer_alloc({reserved}) returned null: the guest is out of memory")
        ctypes.memmove(answer_at, answer, len(answer))
        return answer_at

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise EngineClosed("is closed")


def fail_at_size(size: int) -> NoReturn:
    _fail(f"returned a buffer of {size} bytes; the minimum is {SMALLEST}")


def _fail(message: str) -> NoReturn:
    raise Trap(message, kind=TrapKind.ABI)
