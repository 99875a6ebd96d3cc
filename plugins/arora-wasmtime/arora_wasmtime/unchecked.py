"""Calls in and out of a wasmtime store through the wheel's C library, with nothing allocated per call.

wasmtime-py's own ``Func.__call__`` and trampoline keep the exception of a callback in one global of the module,
where two threads take each other's, and look a function's type up on every call. The C interface below them
(``wasmtime/func.h``: the *unchecked* functions) takes a pointer to an array of raw values, which holds the
arguments on the way in and the results on the way out.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from ctypes import CFUNCTYPE, POINTER, byref, c_char, c_size_t, c_uint32, c_uint64, c_void_p
from typing import Any, Final, NoReturn

from wasmtime import FuncType, InstancePre, Linker, Module, Store, WasmtimeError
from wasmtime import _ffi as ffi

from arora_core.c_callbacks import Unwinding, c_callback
from arora_core.linear_memory import Export, LinearGuest

RAW_VALUE: Final = 16
"""Bytes of a ``wasmtime_val_raw_t``: a union whose largest member is a v128. Every platform has it
little-endian, and the other members at its start."""
_WORDS: Final = RAW_VALUE // 8

Failure = Callable[["int | None", "int | None"], BaseException]
"""Owned pointers to a ``wasmtime_error_t`` and a ``wasm_trap_t``, one of them null, to what they mean."""


def _function(name: str, result: Any, *, library: Any = ffi.dll) -> Any:
    # Indexing a library makes a new function object: the wheel's own keeps its declared argument types. These
    # have none, as converting an argument that already is a ctypes object costs more than the call.
    function = library[name]
    function.restype = result
    return function


call: Final = _function("wasmtime_func_call_unchecked", c_void_p)
_instantiate: Final = _function("wasmtime_instance_new", c_void_p)
_instantiate_prepared: Final = _function("wasmtime_instance_pre_instantiate", c_void_p)
_define: Final = _function("wasmtime_linker_define_func_unchecked", c_void_p)
_delete_error: Final = _function("wasmtime_error_delete", None)
_delete_trap: Final = _function("wasm_trap_delete", None)
_new_trap: Final = _function("wasmtime_trap_new", c_size_t)
# Both only look up a field: not worth giving the GIL up for.
_quick: Final = ctypes.PyDLL(str(ffi.filename))
_memory_data: Final = _function("wasmtime_memory_data", c_void_p, library=_quick)
_memory_size: Final = _function("wasmtime_memory_data_size", c_size_t, library=_quick)

_IMPORT: Final = CFUNCTYPE(c_size_t, c_void_p, c_void_p, POINTER(c_uint64), c_size_t)

Answer = Callable[[Any, Any, Any, Any], int]
"""Answers an import: of what C passes, the third are the raw values. Argument i is item ``2 * i``, the result goes
into item 0. Returns 0, for no trap."""

_UNWOUND: Final = b"unwound by the host"


def context(store: Store) -> c_void_p:
    """The pointer that calls into ``store`` take. Dangling once the store is closed."""
    return ctypes.cast(store._context(), c_void_p)


class Calls:
    """Makes the exports of one instance callable. All its calls happen in one thread at a time."""

    def __init__(self, owner: object, context: c_void_p, guest: LinearGuest, failure: Failure) -> None:
        # A callable export that outlives all other mention of its instance keeps the store from being deleted.
        self._owner = owner
        self.context = context
        self._guest = guest
        self._failure = failure
        # One place for the argument and the result serves calls at any depth: Wasmtime takes arguments out
        # before the guest's first instruction, and puts results in after its last, so whatever a nested call
        # leaves there has been read by the time the outer one ends.
        self._slot = (c_uint64 * _WORDS)()
        self.trap = c_void_p()
        self.unwinding = Unwinding(_unwinding_trap, lambda trap: _delete_trap(c_void_p(trap)))
        """What makes the guest unwind when its host has failed."""

    def export(self, function: ffi.wasmtime_func_t) -> Export:
        """``function``, which takes an i32 or nothing, and gives an i32 (0 to 2**32 - 1) or nothing."""
        context, carried, trap, fail = self.context, self._guest.carried, self.trap, self.fail
        cell = c_uint32.from_buffer(self._slot)
        function_at, slot_at, one, trap_at = byref(function), byref(self._slot), c_size_t(1), byref(trap)

        def run(argument: int) -> int:
            cell.value = argument
            error = call(context, function_at, slot_at, one, trap_at)
            if error or trap or carried:
                fail(error)
            return cell.value

        return run

    def instantiate(self, prepared: InstancePre) -> ffi.wasmtime_instance_t:
        """Runs what of the guest runs on its own: its start function."""
        instance = ffi.wasmtime_instance_t()
        prepared_at = ctypes.cast(prepared.ptr(), c_void_p)
        error = _instantiate_prepared(prepared_at, self.context, byref(instance), byref(self.trap))
        if error or self.trap or self._guest.carried:
            self.fail(error)
        return instance

    def instantiate_beside(self, module: Module, imports: Sequence[ffi.wasmtime_extern_t]) -> ffi.wasmtime_instance_t:
        """An instance of ``module``, which has no start function, in the guest's store."""
        instance = ffi.wasmtime_instance_t()
        given = (ffi.wasmtime_extern_t * len(imports))(*imports)
        module_at = ctypes.cast(module.ptr(), c_void_p)
        count = c_size_t(len(imports))
        error = _instantiate(self.context, module_at, byref(given), count, byref(instance), byref(self.trap))
        if error or self.trap:
            self.fail(error)
        return instance

    def fail(self, error: int | None) -> NoReturn:
        """Raises what ended a call: ``error`` and ``self.trap`` are what it left behind, both taken over here."""
        trap = self.trap.value
        self.trap.value = None
        if self._guest.carried:
            if error:
                _delete_error(c_void_p(error))
            if trap:
                _delete_trap(c_void_p(trap))
            self.unwinding.arm()
            self._guest.raise_carried()
        raise self._failure(error, trap)


def define(
    linker: Linker,
    import_: tuple[str, str],
    type: FuncType,
    answer: Answer,
    carried: list[BaseException],
    unwinding: Unwinding,
) -> object:
    """Defines the import (namespace, name); returns what has to outlive the store."""
    callback = _IMPORT(c_callback(answer, carried, unwinding))
    namespace, name = (word.encode() for word in import_)
    error = _define(
        ctypes.cast(linker.ptr(), c_void_p),
        namespace,
        c_size_t(len(namespace)),
        name,
        c_size_t(len(name)),
        ctypes.cast(type.ptr(), c_void_p),
        callback,
        None,
        None,
    )
    if error:
        raise WasmtimeError._from_ptr(ctypes.cast(error, POINTER(ffi.wasmtime_error_t)))
    return callback


def _unwinding_trap() -> int:
    trap: int = _new_trap(_UNWOUND, c_size_t(len(_UNWOUND)))
    return trap


class Memory:
    """A guest's linear memory, as :class:`arora_core.linear_memory.LinearMemory`.

    Wasmtime is configured not to move memories, so a view taken once stays right for the bytes it covers. It
    covers those there were when ``size`` was last asked, and the protocol asks before it goes beyond.
    """

    def __init__(self, context: c_void_p, memory: ffi.wasmtime_memory_t) -> None:
        self._context = context
        self._memory = memory
        self._memory_at = byref(memory)
        self._bytes: Any = b""
        self._view = memoryview(b"")

    def size(self) -> int:
        size: int = _memory_size(self._context, self._memory_at)
        if size != len(self._bytes):
            self._bytes = self.window(0, size)
            self._view = memoryview(self._bytes).cast("B")
        return size

    def read(self, offset: int, size: int) -> bytes:
        # As a slice of the array: to be a copy, one of the view takes a step more.
        data: bytes = self._bytes[offset : offset + size]
        return data

    def write(self, offset: int, data: bytes) -> None:
        self._view[offset : offset + len(data)] = data

    def view(self, offset: int, size: int) -> memoryview:
        return self._view[offset : offset + size]

    def window(self, offset: int, size: int) -> ctypes.Array[c_char]:
        """These bytes of memory, for as long as the store lives."""
        base = _memory_data(self._context, self._memory_at)
        return (c_char * size).from_address(base + offset)

    def close(self) -> None:
        """Lets go of the memory; to be called before its store is closed."""
        self._bytes = b""
        self._view = memoryview(b"")
