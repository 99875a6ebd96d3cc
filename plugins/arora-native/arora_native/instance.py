"""One loaded library: the guest protocol (ABI §5) over shared memory."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from ctypes import CFUNCTYPE, byref, c_size_t, c_uint32, c_uint64, c_void_p
from typing import TYPE_CHECKING, Any, Final, NoReturn
from uuid import UUID

from arora_core.c_callbacks import Unwinding, c_callback
from arora_core.errors import EngineClosed, FunctionNotFound, ModuleBusy, Trap, TrapKind
from arora_core.executor import Host, Instance
from arora_core.guest_symbols import ALLOC, FREE, function_symbol

from .address_space import read, read_u32
from .library import Library

if TYPE_CHECKING:
    from arora_core.header import ModuleDefinition

_PREFIX: Final = 4
_SMALLEST: Final = 5
_U32: Final = 0xFFFF_FFFF
_SLACK: Final = 8
"""Bytes behind an argument: guests may read a few past its end."""
_KEPT: Final = 1 << 16
"""Bytes of argument memory that are worth keeping for the next call."""
_ERROR_TAG: Final = 20
_HOST_FAILED: Final = b"the host failed; this call is being unwound"
_HOST_FAILED_BUFFER: Final = (
    (_PREFIX + 1 + 4 + len(_HOST_FAILED)).to_bytes(4, "little")
    + bytes([_ERROR_TAG])
    + len(_HOST_FAILED).to_bytes(4, "little")
    + _HOST_FAILED
)

_DISPATCH: Final = CFUNCTYPE(c_size_t, c_void_p, c_void_p, c_void_p)
_DISPATCH_INDIRECT: Final = CFUNCTYPE(c_size_t, c_uint64)


class _Argument:
    """Host memory for one argument of up to ``size`` bytes: 8-byte aligned, because made of 8-byte words."""

    __slots__ = ("capacity", "view", "address", "pointer")

    def __init__(self, size: int) -> None:
        words = (c_uint64 * (-(-(size + _SLACK) // 8)))()
        self.view = memoryview(words).cast("B")
        self.capacity = len(self.view)
        self.address = ctypes.addressof(words)
        # Holds on to the words.
        self.pointer = byref(words)


class NativeInstance(Instance):
    """Raises MalformedExecutable and MissingExport."""

    def __init__(self, definition: ModuleDefinition, host: Host) -> None:
        self._host = host
        # An exception cannot unwind native code. It waits here until the guest's function returns.
        self._carried: list[BaseException] = []
        self._arguments: list[_Argument] = []
        self._depth = 0
        self._functions: dict[bytes, Callable[[bytes], bytes]] = {}
        self._closed: list[bool] = []
        unwinding = Unwinding(self._on_failure)
        # The library holds their addresses, so they live as long as it does.
        self._callbacks = (
            _DISPATCH(c_callback(self._on_dispatch, self._carried, unwinding)),
            _DISPATCH_INDIRECT(c_callback(self._on_dispatch_indirect, self._carried, unwinding)),
        )
        self._library = Library(definition.executable)
        try:
            self._alloc = self._library.function(ALLOC, c_void_p)
            self._free = self._library.function(FREE, None)
            for export in definition.header.exports:
                id = export.id.bytes
                function = self._library.function(function_symbol(id), c_void_p, f", which is {export.name}")
                self._functions[id] = self._bound(function)
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

    def close(self) -> None:
        """Idempotent. Raises ModuleBusy from inside a call of this library: its code is still to return there."""
        if self._depth:
            raise ModuleBusy("cannot be closed from inside one of its own calls")
        self._closed.append(True)
        self._functions.clear()
        self._library.close()

    def _bound(self, function: Any) -> Callable[[bytes], bytes]:
        carried, closed, free, arguments = self._carried, self._closed, self._free, self._arguments

        def call(argument: bytes) -> bytes:
            if closed:
                self._refuse_if_closed()
            if carried:
                # Left over from a call that a signal cut short in the instant after its guest had returned.
                carried.clear()
            depth = self._depth
            size = len(argument)
            kept = depth < len(arguments) and size <= _KEPT
            memory = arguments[depth] if kept else self._room(depth, size)
            memory.view[:size] = argument
            self._depth = depth + 1
            try:
                result_at = function(memory.pointer)
                if carried:
                    self._raise_carried(result_at)
                if not result_at:
                    _fail("answered with a null pointer")
                if memory.address <= result_at < memory.address + memory.capacity:
                    _fail("answered with its own argument buffer")
                size = read_u32(result_at)
                if size < _SMALLEST:
                    _fail(f"answered with a buffer of {size} bytes; 5 is the smallest")
                result = read(result_at, size)
                free(c_void_p(result_at))
            finally:
                self._depth = depth
            return result

        return call

    def _room(self, depth: int, size: int) -> _Argument:
        """Memory that nothing else uses while the call lasts: there is one for each depth, and some for one call."""
        while len(self._arguments) <= depth:
            self._arguments.append(_Argument(_KEPT))
        return self._arguments[depth] if size <= _KEPT else _Argument(size)

    def _raise_carried(self, result_at: int | None) -> NoReturn:
        try:
            if result_at:
                self._free(c_void_p(result_at))
            raise self._carried[0]
        finally:
            self._carried.clear()

    def _on_dispatch(self, module_at: int | None, function_at: int | None, argument_at: int | None) -> int:
        if not module_at or not function_at or not argument_at:
            _fail("called arora_dispatch with a null pointer")
        size = read_u32(argument_at)
        if size < _SMALLEST:
            _fail(f"called arora_dispatch with a buffer of {size} bytes; 5 is the smallest")
        module_id, function_id, argument = read(module_at, 16), read(function_at, 16), read(argument_at, size)
        return self._handed_over(self._host.dispatch(module_id, function_id, argument))

    def _on_dispatch_indirect(self, callable_id: int) -> int:
        return self._handed_over(self._host.dispatch_indirect(callable_id))

    def _on_failure(self) -> int:
        """What the guest gets instead of an exception, and instead of everything it asks for after it."""
        answer_at: int | None = self._alloc(c_uint32(len(_HOST_FAILED_BUFFER) + _SLACK))
        if answer_at:
            ctypes.memmove(answer_at, _HOST_FAILED_BUFFER, len(_HOST_FAILED_BUFFER))
        return answer_at or 0

    def _handed_over(self, answer: bytes) -> int:
        reserved = len(answer) + _SLACK
        answer_at: int | None = self._alloc(c_uint32(reserved)) if reserved <= _U32 else None
        if not answer_at:
            _fail(f"arora_buffer_alloc({reserved}) answered null: it is out of memory")
        ctypes.memmove(answer_at, answer, len(answer))
        return answer_at

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise EngineClosed("is closed")


def _fail(message: str) -> NoReturn:
    raise Trap(message, kind=TrapKind.ABI)
