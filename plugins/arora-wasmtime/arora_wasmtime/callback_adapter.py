"""Callbacks that do not enter the guest again, by means of adapter modules.

The guest owns the answer to its callback, so the memory for it comes from the guest's allocator. Step by step, the
host enters the guest again to call that allocator. Instead, the adapter module ``callback_adapter.wat`` calls the
host, which writes its answer into a room (:mod:`arora_wasmtime.guest_rooms`); the module then allocates memory and
copies the answer there.

The adapter needs the guest's memory and allocator, but the guest cannot be instantiated before its imports exist. So
the guest imports the function of ``callback_gate.wat``, which calls the host at first, and the adapter once it exists.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from arora_core.guest_symbols import ALLOC, MEMORY, WasmFunctionType
from arora_core.linear_memory import SLACK, U32

from .engines import CompilingEngine
from .guest_rooms import GuestRooms
from .unchecked_store import UncheckedStore
from .wat import forwarding

_SIZE_BITS: Final = 16


class CallbackAdapter:
    """The adapter of one import of one guest. ``ask`` takes the guest's arguments, and returns the answer buffer."""

    def __init__(
        self,
        store: UncheckedStore,
        compiling: CompilingEngine,
        type: WasmFunctionType,
        answer: Any,
        ask: Callable[..., bytes],
    ) -> None:
        """``answer`` is the host function that answers step by step."""
        self._store = store
        self._compiling = compiling
        self._type = type
        self._answer = answer
        self._ask = ask
        self._gate = store.instantiate_module(compiling.adapter_module(forwarding("callback_gate", type)), [answer])

    @property
    def function(self) -> Any:
        """The function for the guest to import."""
        return self._gate("answer")

    def open(self, rooms: GuestRooms, in_allocator: Any) -> None:
        """Route callbacks through the adapter from now on. Call it after the guest has been instantiated.

        ``in_allocator`` is the global of allocator_flag.wat.
        """
        store, type = self._store, self._type
        ask = store.host_function(WasmFunctionType(type.params, ("i64",)), self._ask_function(rooms))
        check = store.host_function(WasmFunctionType(("i32", "i32"), ("i32",)), self._check_allocation)
        guest = [store.exported(MEMORY), store.exported(ALLOC)]
        source = forwarding("callback_adapter", type, slack=SLACK, size_bits=_SIZE_BITS)
        imports = [*guest, self._answer, ask, check, self._gate("table"), in_allocator]
        store.instantiate_module(self._compiling.adapter_module(source), imports)

    def _check_allocation(self, at: int, reserved: int) -> int:
        # Only the lower 32 bits of a raw value are set by the guest.
        return self._store.guest.check_reserved(at & U32, reserved & U32)

    def _ask_function(self, rooms: GuestRooms) -> Callable[..., int]:
        ask, write_answer, place = self._ask, rooms.write_answer, self._store.guest.place_answer

        def answer(*numbers: int) -> int:
            result = ask(*numbers)
            at = write_answer(result)
            return at << _SIZE_BITS | len(result) if at else -1 - place(result)

        return answer
