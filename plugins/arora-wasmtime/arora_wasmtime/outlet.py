"""A call out of a guest in one entry: what the host would do inside the guest is done by small modules beside it.

The guest owns what it is answered with, so its own allocator has to be asked for the memory: the host, called by the
guest, enters it again. An *answering* module does that in the host's place. It asks the host, which leaves its answer
in the room that the adapter keeps (:mod:`arora_wasmtime.adapter`), and takes it from there into the guest's memory.

It needs that memory, and the allocator, from a guest that cannot be instantiated without its imports. So what the
guest imports is the function of a *gate*: a module with a table of one function, which is the host's at first and the
answering module's as soon as there is one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from arora_core.guest_symbols import ALLOC, MEMORY, WasmFunctionType
from arora_core.linear_memory import SLACK, U32

from .wat import forwarding

if TYPE_CHECKING:
    from .adapter import Adapter
    from .engines import CompilingEngine
    from .unchecked import Calls

_SIZE_BITS: Final = 16


class Outlet:
    """One import of one guest. ``ask`` takes what the guest passes, and returns the buffer to answer with."""

    def __init__(
        self, calls: Calls, compiling: CompilingEngine, type: WasmFunctionType, answer: Any, ask: Callable[..., bytes]
    ) -> None:
        """``answer`` is the host's function that answers step by step."""
        self._calls = calls
        self._compiling = compiling
        self._type = type
        self._answer = answer
        self._ask = ask
        self._gate = calls.instantiate_beside(compiling.beside(forwarding("callback_gate", type)), [answer])

    @property
    def function(self) -> Any:
        """What the guest imports."""
        return self._gate("answer")

    def open(self, adapter: Adapter) -> None:
        """From here on calls take the short way. To be called when the guest has been instantiated."""
        calls, type = self._calls, self._type
        asking = WasmFunctionType(type.params, ("i64",))
        ask = calls.host_function(asking, self._asked(adapter))
        check = calls.host_function(WasmFunctionType(("i32", "i32"), ("i32",)), self._checked)
        guest = [calls.exported(MEMORY), calls.exported(ALLOC)]
        source = forwarding("callback_adapter", type, slack=SLACK, size_bits=_SIZE_BITS)
        module = self._compiling.beside(source)
        calls.instantiate_beside(module, [*guest, self._answer, ask, check, self._gate("table"), calls.in_allocator])

    def _checked(self, at: int, reserved: int) -> int:
        # Of the raw values only the lower half is the guest's.
        return self._calls.guest.check_reserved(at & U32, reserved & U32)

    def _asked(self, adapter: Adapter) -> Callable[..., int]:
        ask, leave, place = self._ask, adapter.leave, self._calls.guest.place

        def answer(*numbers: int) -> int:
            result = ask(*numbers)
            at = leave(result)
            return at << _SIZE_BITS | len(result) if at else -1 - place(result)

        return answer
