"""A Wasmtime store that is entered and left through *unchecked* C functions, without allocations per call.

``Func.__call__`` and the callbacks of wasmtime-py keep the exception of a callback in a module global, where threads
overwrite each other's, and look up a function's type on every call. The unchecked C functions (``wasmtime/func.h``)
take a pointer to an array of raw values, which holds the arguments on entry and the results on return.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from ctypes import CFUNCTYPE, POINTER, byref, c_size_t, c_uint32, c_uint64, c_void_p
from functools import partial
from typing import Any, Final, NoReturn

from wasmtime import InstancePre, Linker, Module, Store

from arora_core.errors import LoadError
from arora_core.guest_symbols import WasmFunctionType
from arora_core.linear_memory import Export, GlobalVariable, LinearGuest
from arora_core.wasm.c_callbacks import Unwinding, c_callback, require_frame
from arora_core.wasm.fixed_memory import FixedMemory

from . import private_names
from .calls import Failure, Item, Items, function_type

WORDS: Final = 2
"""64-bit words of a raw value (``wasmtime_val_raw_t``): a union whose largest member is a v128. It is little-endian on
every platform, and smaller members are at its start."""

_FUNCTION: Final = 0
"""The ``kind`` of a ``wasmtime_extern_t`` that holds a function."""

enter: Final = private_names.function("wasmtime_func_call_unchecked", c_void_p)
"""Takes the store's context, the function, its raw values and their number, and where to store a trap."""
ENTER_AT: Final = private_names.address(enter)
_instantiate_module: Final = private_names.function("wasmtime_instance_new", c_void_p)
_instantiate_prepared: Final = private_names.function("wasmtime_instance_pre_instantiate", c_void_p)
_new_function: Final = private_names.function("wasmtime_func_new_unchecked", None)
_define: Final = private_names.function("wasmtime_linker_define", c_void_p)
_export: Final = private_names.function("wasmtime_instance_export_get", ctypes.c_bool)
_delete_error: Final = private_names.function("wasmtime_error_delete", None)
_delete_trap: Final = private_names.function("wasm_trap_delete", None)
_new_trap: Final = private_names.function("wasmtime_trap_new", c_size_t)
# These only read or set a field.
_memory_data: Final = private_names.function("wasmtime_memory_data", c_void_p, quick=True)
_memory_size: Final = private_names.function("wasmtime_memory_data_size", c_size_t, quick=True)
_global_value: Final = private_names.function("wasmtime_global_get", None, quick=True)
_set_global: Final = private_names.function("wasmtime_global_set", c_void_p, quick=True)
_set_fuel: Final = private_names.function("wasmtime_context_set_fuel", c_void_p, quick=True)
_set_epoch_deadline: Final = private_names.function("wasmtime_context_set_epoch_deadline", None, quick=True)

_IMPORT: Final = CFUNCTYPE(c_size_t, c_void_p, c_void_p, POINTER(c_uint64), c_size_t)

_UNWOUND: Final = b"unwound by the host"


class UncheckedStore:
    """A store with one guest and its adapter modules."""

    def __init__(self, store: Store, guest: LinearGuest, failure: Failure) -> None:
        # A callable export may outlive all other references to its instance. It keeps the store alive by this one.
        self._store = store
        self.context_at = private_names.context_at(store)
        self.context = c_void_p.from_param(self.context_at)
        self.guest = guest
        self._failure = failure
        # Calls at any depth share one slot for argument and result: Wasmtime reads the argument before the guest's
        # first instruction and writes the result after its last, and each call reads its result at once.
        self._slot = (c_uint64 * WORDS)()
        self.trap = c_void_p()
        self.exported: Items = _nothing
        """Returns the guest's export of a name, once the guest is instantiated."""
        # C code calls these until the store is closed.
        self._callbacks: list[object] = []
        # Traps that unwind the guest when the host has raised.
        self._unwinding = Unwinding(_unwinding_trap, lambda trap: _delete_trap(c_void_p(trap)))

    def define(self, linker: Linker, import_: tuple[str, str], function: Any) -> None:
        """Define the import (namespace, name) as this function."""
        namespace, name = (word.encode() for word in import_)
        names = namespace, c_size_t(len(namespace)), name, c_size_t(len(name))
        error = _define(private_names.pointer(linker), self.context, *names, byref(function))
        if error:
            raise private_names.error(error)

    def host_function(self, type: WasmFunctionType, answer: Callable[..., int]) -> Any:
        """Return a function for the guest to import. ``answer`` takes integers, signed or unsigned."""
        callback = _IMPORT(c_callback(_raw(answer, len(type.params)), self.guest.carried, self._unwinding))
        self._callbacks.append(callback)
        declared = function_type(type.params, type.results)
        made = private_names.structure("wasmtime_extern")
        made.kind = _FUNCTION
        _new_function(self.context, private_names.pointer(declared), callback, None, None, byref(made.of.func))
        return made

    def instantiate(self, prepared: InstancePre) -> None:
        """Instantiate the guest, and run its start function."""
        prepared_at = private_names.pointer(prepared)
        made = private_names.structure("wasmtime_instance")
        require_frame()
        error = _instantiate_prepared(prepared_at, self.context, byref(made), byref(self.trap))
        if error or self.trap or self.guest.carried:
            self.fail(error)
        self.exported = partial(self._export_of, made)

    def instantiate_module(self, module: Module, imports: Sequence[Item]) -> Items:
        """Instantiate an adapter module, or one of several that the guest consists of; return its exports by name."""
        import_array = private_names.structures("wasmtime_extern", imports)
        made = private_names.structure("wasmtime_instance")
        module_at, count = private_names.pointer(module), c_size_t(len(imports))
        require_frame()
        error = _instantiate_module(self.context, module_at, byref(import_array), count, byref(made), byref(self.trap))
        if error or self.trap or self.guest.carried:
            self.fail(error)
        return partial(self._export_of, made)

    def _export_of(self, instance: Any, symbol: str) -> Any:
        item, name = private_names.structure("wasmtime_extern"), symbol.encode()
        if not _export(self.context, byref(instance), name, c_size_t(len(name)), byref(item)):
            raise LoadError(f"lost its export {symbol}")
        return item

    def export_of(self, item: Item) -> Export:
        """Return an exported function that takes an i32 or nothing, and returns an i32 or nothing, as a callable."""
        function = item.of.func
        context, carried, trap = self.context, self.guest.carried, self.trap
        fail, discard = self.fail, self.discard_trap
        cell = c_uint32.from_buffer(self._slot)
        function_at, slot_at, one, trap_at = byref(function), byref(self._slot), c_size_t.from_param(1), byref(trap)
        calls_host = self.calls_host

        def run(argument: int) -> int:
            if calls_host:
                require_frame()
            try:
                cell.value = argument
                error = enter(context, function_at, slot_at, one, trap_at)
                if error or trap or carried:
                    fail(error)
                return cell.value
            except BaseException:
                discard()
                raise

        return run

    @property
    def calls_host(self) -> bool:
        """Whether guests of the store can call functions of the host."""
        return bool(self._callbacks)

    def memory_of(self, item: Item) -> FixedMemory:
        """Return an exported memory, which Wasmtime is configured not to move."""
        at = byref(item.of.memory)
        return FixedMemory(partial(_memory_size, self.context, at), partial(_memory_data, self.context, at))

    def variable(self, exported: Any) -> GlobalVariable:
        """Return a mutable global of type i32, which a module in the store exports."""
        return _Global(self.context, exported.of.global_)

    def set_fuel(self, fuel: int) -> None:
        """Set the store's fuel, in units."""
        _set_fuel(self.context, c_uint64(fuel))

    def fuel(self) -> int:
        """Return the units of fuel that are left."""
        return self._store.get_fuel()

    def deadline_setter(self) -> Callable[[], object]:
        """Return a function that makes the store stop at the next increment of its engine's epoch."""
        return partial(_set_epoch_deadline, self.context, c_uint64(1))

    def discard_trap(self) -> None:
        """Delete the trap of a call that a signal interrupted, so that the next call does not report it."""
        trap, self.trap.value = self.trap.value, None
        if trap:
            _delete_trap(c_void_p(trap))

    def fail(self, error: int | None) -> NoReturn:
        """Raise the failure of a call. Takes ownership of its ``error`` and of ``self.trap``."""
        trap = self.trap.value
        self.trap.value = None
        if self.guest.carried:
            if error:
                _delete_error(c_void_p(error))
            if trap:
                _delete_trap(c_void_p(trap))
            self._unwinding.arm()
            self.guest.raise_carried()
        if error:
            raise self._failure(private_names.error(error))
        assert trap is not None
        raise self._failure(private_names.trap(trap))

    def close(self) -> None:
        """Release the traps for unwinding. Call it before the store is closed. Idempotent."""
        self._unwinding.close()


class _Global:
    """A mutable global of type i32: a :class:`arora_core.wasm.guest_interface.GlobalVariable`."""

    def __init__(self, context: Any, found: Any) -> None:
        self._value = private_names.structure("wasmtime_val")
        self._operands = context, byref(found), byref(self._value)

    def get(self) -> int:
        _global_value(*self._operands)
        value: int = self._value.of.i32
        return value

    def set(self, value: int) -> None:
        # The kind, i32, is zero.
        self._value.of.i32 = value
        _set_global(*self._operands)


def _nothing(symbol: str) -> Item:
    raise LoadError(f"has no {symbol} yet")


def _raw(answer: Callable[..., int], count: int) -> Callable[[Any, Any, Any, Any], int]:
    """Return ``answer``, which takes ``count`` integers, with the signature of a C callback."""

    # Not as any number: a slice of no items of a C array has one.
    def none(env: Any, caller: Any, values: Any, _: Any) -> int:
        values[0] = answer()
        return 0

    def one(env: Any, caller: Any, values: Any, _: Any) -> int:
        values[0] = answer(values[0])
        return 0

    def three(env: Any, caller: Any, values: Any, _: Any) -> int:
        values[0] = answer(values[0], values[WORDS], values[2 * WORDS])
        return 0

    # Correct for any count, but slower than those above.
    def any_number(env: Any, caller: Any, values: Any, _: Any) -> int:
        values[0] = answer(*values[0 : WORDS * count : WORDS])
        return 0

    return {0: none, 1: one, 3: three}.get(count, any_number)


def _unwinding_trap() -> int:
    trap: int = _new_trap(_UNWOUND, c_size_t(len(_UNWOUND)))
    return trap
