"""Calls in and out of a wasmtime store through the wheel's C library, with nothing allocated per call.

wasmtime-py's own ``Func.__call__`` and trampoline keep the exception of a callback in one global of the module,
where two threads take each other's, and look a function's type up on every call. The C interface below them
(``wasmtime/func.h``: the *unchecked* functions) takes a pointer to an array of raw values, which holds the
arguments on the way in and the results on the way out.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from ctypes import CFUNCTYPE, POINTER, byref, c_size_t, c_uint32, c_uint64, c_void_p
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final, NoReturn

from wasmtime import InstancePre, Linker, Module, Store

from arora_core.errors import LoadError
from arora_core.guest_symbols import DISPATCH, DISPATCH_INDIRECT, HOST_NAMESPACE, WasmFunctionType
from arora_core.linear_memory import BufferCall, Export, LinearGuest
from arora_core.wasm.c_callbacks import Unwinding, c_callback
from arora_core.wasm.fixed_memory import FixedMemory

from . import private
from .adapter import Adapter
from .interface import Failure, function_type
from .outlet import Outlet
from .raw_values import RAW_VALUE, enter
from .wat import source

if TYPE_CHECKING:
    from .engines import CompilingEngine

_WORDS: Final = RAW_VALUE // 8
_FUNCTION: Final = 0
"""The kind of a ``wasmtime_extern_t`` that is a function."""

_instantiate_beside: Final = private.function("wasmtime_instance_new", c_void_p)
_instantiate: Final = private.function("wasmtime_instance_pre_instantiate", c_void_p)
_new_function: Final = private.function("wasmtime_func_new_unchecked", None)
_define: Final = private.function("wasmtime_linker_define", c_void_p)
_export: Final = private.function("wasmtime_instance_export_get", ctypes.c_bool)
_delete_error: Final = private.function("wasmtime_error_delete", None)
_delete_trap: Final = private.function("wasm_trap_delete", None)
_new_trap: Final = private.function("wasmtime_trap_new", c_size_t)
# All these only look up or set a field.
_memory_data: Final = private.function("wasmtime_memory_data", c_void_p, quick=True)
_memory_size: Final = private.function("wasmtime_memory_data_size", c_size_t, quick=True)
_set_fuel: Final = private.function("wasmtime_context_set_fuel", c_void_p, quick=True)
_set_epoch_deadline: Final = private.function("wasmtime_context_set_epoch_deadline", None, quick=True)

_IMPORT: Final = CFUNCTYPE(c_size_t, c_void_p, c_void_p, POINTER(c_uint64), c_size_t)

_UNWOUND: Final = b"unwound by the host"


class Calls:
    """Makes the exports of one instance callable: :class:`arora_wasmtime.interface.Calls`."""

    def __init__(
        self, store: Store, guest: LinearGuest, failure: Failure, compiling: CompilingEngine | None = None
    ) -> None:
        # A callable export that outlives all other mention of its instance keeps the store from being deleted.
        self._store = store
        self.context = private.context(store)
        self.guest = guest
        self._failure = failure
        # One place for the argument and the result serves calls at any depth: Wasmtime takes arguments out
        # before the guest's first instruction, and puts results in after its last, so whatever a nested call
        # leaves there has been read by the time the outer one ends.
        self._slot = (c_uint64 * _WORDS)()
        self.trap = c_void_p()
        self._instance = private.structure("wasmtime_instance")
        self._memory: FixedMemory | None = None
        # The ways in and out that are short.
        self._compiling = compiling
        self._adapter: Adapter | None = None
        self._outlets: list[Outlet] = []
        self._asking: dict[tuple[str, str], Callable[..., bytes]] = {
            (HOST_NAMESPACE, DISPATCH): guest.ask_dispatch,
            (HOST_NAMESPACE, DISPATCH_INDIRECT): guest.ask_dispatch_indirect,
        }
        # C code calls into these until the store is closed.
        self._callbacks: list[object] = []
        # What makes the guest unwind when its host has failed.
        self._unwinding = Unwinding(_unwinding_trap, lambda trap: _delete_trap(c_void_p(trap)))

    def define(
        self, linker: Linker, import_: tuple[str, str], type: WasmFunctionType, answer: Callable[..., int]
    ) -> None:
        function = self.host_function(type, answer)
        ask = self._asking.get(import_)
        if ask is not None and self._compiling is not None:
            self._outlets.append(Outlet(self, self._compiling, type, function, ask))
            function = self._outlets[-1].function
        namespace, name = (word.encode() for word in import_)
        names = namespace, c_size_t(len(namespace)), name, c_size_t(len(name))
        error = _define(private.pointer(linker), self.context, *names, byref(function))
        if error:
            raise private.error(error)

    def host_function(self, type: WasmFunctionType, answer: Callable[..., int]) -> Any:
        """A function of the host that guests can import. ``answer`` takes integers, signed or not."""
        callback = _IMPORT(c_callback(_raw(answer, len(type.params)), self.guest.carried, self._unwinding))
        self._callbacks.append(callback)
        declared = function_type(type.params, type.results)
        made = private.structure("wasmtime_extern")
        made.kind = _FUNCTION
        _new_function(self.context, private.pointer(declared), callback, None, None, byref(made.of.func))
        return made

    def instantiate(self, prepared: InstancePre) -> None:
        error = _instantiate(private.pointer(prepared), self.context, byref(self._instance), byref(self.trap))
        if error or self.trap or self.guest.carried:
            self.fail(error)

    def export(self, symbol: str) -> Export:
        function = self.exported(symbol).of.func
        context, carried, trap, fail, forget = self.context, self.guest.carried, self.trap, self.fail, self.forget
        cell = c_uint32.from_buffer(self._slot)
        function_at, slot_at, one, trap_at = byref(function), byref(self._slot), c_size_t(1), byref(trap)

        def run(argument: int) -> int:
            try:
                cell.value = argument
                error = enter(context, function_at, slot_at, one, trap_at)
                if error or trap or carried:
                    fail(error)
                return cell.value
            except BaseException:
                forget()
                raise

        return run

    def short_cut(self, symbol: str, call: BufferCall) -> BufferCall:
        if self._compiling is None:
            return call
        if self._adapter is None:
            assert self._memory is not None
            self._adapter = Adapter(self, self._compiling, self._memory)
        return self._adapter.around(symbol, call)

    def open_outlets(self, adapter: Adapter) -> None:
        """Lets the guest's calls out take the short way, too."""
        while self._outlets:
            self._outlets.pop().open(adapter)

    @cached_property
    def in_allocator(self) -> Any:
        """The global of ``allocator_flag.wat``."""
        assert self._compiling is not None
        return self.instantiate_beside(self._compiling.beside(source("allocator_flag")), [])("in_allocator")

    def memory(self, symbol: str) -> FixedMemory:
        # Wasmtime is configured not to move it.
        at = byref(self.exported(symbol).of.memory)
        self._memory = FixedMemory(partial(_memory_size, self.context, at), partial(_memory_data, self.context, at))
        return self._memory

    def setting_fuel(self, fuel: int) -> Callable[[], object]:
        return partial(_set_fuel, self.context, c_uint64(fuel))

    def setting_deadline(self) -> Callable[[], object]:
        return partial(_set_epoch_deadline, self.context, c_uint64(1))

    def close(self) -> None:
        if self._adapter is not None:
            self._adapter.close()
        if self._memory is not None:
            self._memory.close()
        self._unwinding.close()

    def instantiate_beside(self, module: Module, imports: Sequence[Any]) -> Callable[[str], Any]:
        """Instantiates ``module`` in the guest's store; returns what finds its exports."""
        given = private.structures("wasmtime_extern", imports)
        made = private.structure("wasmtime_instance")
        module_at, count = private.pointer(module), c_size_t(len(imports))
        error = _instantiate_beside(self.context, module_at, byref(given), count, byref(made), byref(self.trap))
        if error or self.trap:
            self.fail(error)
        return lambda symbol: self._export_of(made, symbol)

    def exported(self, symbol: str) -> Any:
        """What the guest exports under this name."""
        return self._export_of(self._instance, symbol)

    def _export_of(self, instance: Any, symbol: str) -> Any:
        item, name = private.structure("wasmtime_extern"), symbol.encode()
        if not _export(self.context, byref(instance), name, c_size_t(len(name)), byref(item)):
            raise LoadError(f"lost its export {symbol}")
        return item

    def forget(self) -> None:
        """Gives back the trap that a call left which a signal cut short: the next call would take it for its own."""
        trap, self.trap.value = self.trap.value, None
        if trap:
            _delete_trap(c_void_p(trap))

    def fail(self, error: int | None) -> NoReturn:
        """Raises what ended a call: ``error`` and ``self.trap`` are what it left behind, and are taken over."""
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
            raise self._failure(private.error(error))
        assert trap is not None
        raise self._failure(private.trap(trap))


def _raw(answer: Callable[..., int], count: int) -> Callable[[Any, Any, Any, Any], int]:
    """``answer``, which takes so many integers, as C calls it."""

    def one(env: Any, caller: Any, values: Any, _: Any) -> int:
        values[0] = answer(values[0])
        return 0

    def three(env: Any, caller: Any, values: Any, _: Any) -> int:
        values[0] = answer(values[0], values[_WORDS], values[2 * _WORDS])
        return 0

    # This would do for all, and takes longer.
    def any_number(env: Any, caller: Any, values: Any, _: Any) -> int:
        values[0] = answer(*values[0 : _WORDS * count : _WORDS])
        return 0

    return {1: one, 3: three}.get(count, any_number)


def _unwinding_trap() -> int:
    trap: int = _new_trap(_UNWOUND, c_size_t(len(_UNWOUND)))
    return trap
