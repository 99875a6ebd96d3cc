"""Calls in and out of a guest through Wasmtime's unchecked C functions, with adapter modules where possible."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from wasmtime import InstancePre, Linker, Module

from arora_core.executor import RowsCall
from arora_core.guest_symbols import DISPATCH, DISPATCH_INDIRECT, FREE, HOST_NAMESPACE, MEMORY, WasmFunctionType
from arora_core.linear_memory import BufferCall, Export, GlobalVariable, LinearGuest
from arora_core.wasm.fixed_memory import FixedMemory
from arora_core.wasm.row_loops import RowLoops

from .call_adapter import adapt_call
from .callback_adapter import CallbackAdapter
from .calls import AdaptedCall, Failure, Item, Items
from .engines import CompilingEngine
from .freed_once import Store
from .guest_rooms import GuestRooms
from .row_loop import row_loop
from .unchecked_store import UncheckedStore
from .wat import source


class UncheckedCalls:
    """:class:`arora_wasmtime.calls.Calls` over unchecked C functions; with ``compiling``, through adapter modules."""

    def __init__(
        self, store: Store, guest: LinearGuest, failure: Failure, compiling: CompilingEngine | None = None
    ) -> None:
        self._store = UncheckedStore(store, guest, failure)
        self._compiling = compiling
        self._memories: list[FixedMemory] = []
        self._memory: FixedMemory | None = None
        self._rooms: GuestRooms | None = None
        self._in_allocator: Any = None
        self._callbacks: list[CallbackAdapter] = []
        self._ask_functions: dict[tuple[str, str], Callable[..., bytes]] = {
            (HOST_NAMESPACE, DISPATCH): guest.ask_dispatch,
            (HOST_NAMESPACE, DISPATCH_INDIRECT): guest.ask_dispatch_indirect,
        }

    def host_function(self, import_: tuple[str, str], type: WasmFunctionType, answer: Callable[..., int]) -> Item:
        function = self._store.host_function(type, answer)
        ask = self._ask_functions.get(import_)
        if ask is not None and self._compiling is not None:
            self._callbacks.append(CallbackAdapter(self._store, self._compiling, type, function, ask))
            function = self._callbacks[-1].function
        return function

    def define(self, linker: Linker, import_: tuple[str, str], item: Item) -> None:
        self._store.define(linker, import_, item)

    def instantiate(self, prepared: InstancePre) -> None:
        self._store.instantiate(prepared)

    def instantiate_part(self, module: Module, imports: Sequence[Item]) -> Items:
        return self._store.instantiate_module(module, imports)

    def complete(self, exports: Items) -> None:
        self._store.exported = exports

    def memory_of(self, item: Item) -> FixedMemory:
        self._memories.append(self._store.memory_of(item))
        return self._memories[-1]

    def export_of(self, item: Item) -> Export:
        return self._store.export_of(item)

    def export(self, symbol: str) -> Export:
        return self._store.export_of(self._store.exported(symbol))

    def memory(self, symbol: str) -> FixedMemory:
        self._memory = self.memory_of(self._store.exported(symbol))
        return self._memory

    def global_variable(self, symbol: str) -> GlobalVariable:
        return self._store.variable(self._store.exported(symbol))

    def adapt(self, symbol: str, call: BufferCall) -> AdaptedCall:
        if self._compiling is None:
            return AdaptedCall(call, lambda: None)
        if self._rooms is None:
            assert self._memory is not None
            self._rooms = GuestRooms(self._store.guest, self._memory)
        exchange = partial(self._exchange, self._compiling, self._rooms, symbol)
        return adapt_call(self._store, self._rooms, exchange, call)

    def rows(self, symbol: str, plain: RowsCall) -> RowsCall:
        if self._compiling is None:
            return plain
        return RowLoops(self._store.guest, plain, partial(row_loop, self._store, self._compiling, symbol))

    def set_fuel(self, fuel: int) -> None:
        self._store.set_fuel(fuel)

    def fuel(self) -> int:
        return self._store.fuel()

    def deadline_setter(self) -> Callable[[], object]:
        return self._store.deadline_setter()

    def close(self) -> None:
        if self._rooms is not None:
            self._rooms.close()
        for memory in self._memories:
            memory.close()
        self._store.close()

    def _exchange(self, compiling: CompilingEngine, rooms: GuestRooms, symbol: str) -> Any:
        """Return the exported function of call_adapter.wat for the guest's function ``symbol``.

        From now on callbacks go through their adapters: the calls that make them have rooms for the answers.
        """
        store = self._store
        if self._in_allocator is None:
            self._in_allocator = store.instantiate_module(compiling.adapter_module(source("allocator_flag")), [])(
                "in_allocator"
            )
            store.guest.kept_stack.attach_flag(store.variable(self._in_allocator))
        while self._callbacks:
            self._callbacks.pop().open(rooms, self._in_allocator)
        imports = [*map(store.exported, (MEMORY, symbol, FREE)), self._in_allocator]
        return store.instantiate_module(compiling.adapter_module(source("call_adapter")), imports)("exchange")
