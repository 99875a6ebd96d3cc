"""A callback in one entry: what the host would do inside the guest is done by small modules beside it.

The guest owns what it is answered with, so its own allocator has to be asked for the memory: the host, called by the
guest, enters it again. The module ``callback_adapter.wat`` does that in the host's place. It asks the host, which
leaves its answer in a room (:mod:`arora_wasmtime.guest_rooms`), and takes it from there into the guest's memory.

It needs that memory, and the allocator, from a guest that cannot be instantiated without its imports. So what the
guest imports is the function of ``callback_gate.wat``, which calls the host at first, and this module as soon as it
is there.
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
    """One import of one guest. ``ask`` takes what the guest passes, and returns the buffer to answer with."""

    def __init__(
        self,
        store: UncheckedStore,
        compiling: CompilingEngine,
        type: WasmFunctionType,
        answer: Any,
        ask: Callable[..., bytes],
    ) -> None:
        """``answer`` is the host's function that answers step by step."""
        self._store = store
        self._compiling = compiling
        self._type = type
        self._answer = answer
        self._ask = ask
        self._gate = store.instantiate_beside(compiling.beside(forwarding("callback_gate", type)), [answer])

    @property
    def function(self) -> Any:
        """What the guest imports."""
        return self._gate("answer")

    def open(self, rooms: GuestRooms, in_allocator: Any) -> None:
        """Have callbacks go through the adapter from here on. To be called when the guest has been instantiated.

        ``in_allocator`` is the global of allocator_flag.wat.
        """
        store, type = self._store, self._type
        ask = store.host_function(WasmFunctionType(type.params, ("i64",)), self._asked(rooms))
        check = store.host_function(WasmFunctionType(("i32", "i32"), ("i32",)), self._checked)
        guest = [store.exported(MEMORY), store.exported(ALLOC)]
        source = forwarding("callback_adapter", type, slack=SLACK, size_bits=_SIZE_BITS)
        imports = [*guest, self._answer, ask, check, self._gate("table"), in_allocator]
        store.instantiate_beside(self._compiling.beside(source), imports)

    def _checked(self, at: int, reserved: int) -> int:
        # Of the raw values only the lower half is the guest's.
        return self._store.guest.check_reserved(at & U32, reserved & U32)

    def _asked(self, rooms: GuestRooms) -> Callable[..., int]:
        ask, leave, place = self._ask, rooms.leave, self._store.guest.place

        def answer(*numbers: int) -> int:
            result = ask(*numbers)
            at = leave(result)
            return at << _SIZE_BITS | len(result) if at else -1 - place(result)

        return answer
