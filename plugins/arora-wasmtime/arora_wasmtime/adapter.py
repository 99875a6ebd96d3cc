"""A call in one entry: what the host would do step by step is done by a small module at the guest's side.

The protocol takes three steps on each call: enter the guest, look at what it answered, enter it again to free that.
Entering costs more than everything that happens inside, so the steps are put into an adapter module, in the
guest's own store: it calls the function, checks the answer, copies it to where the host expects it, and frees it.
It decides on nothing: whatever is not as usual it leaves as it is, for :meth:`LinearGuest.take`.
"""

from __future__ import annotations

from ctypes import Array, byref, c_char, c_int64, c_size_t, c_uint64
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from arora_core.errors import Trap, TrapKind
from arora_core.guest_symbols import FREE, MEMORY
from arora_core.linear_memory import SLACK, BufferCall

from .raw_values import RAW_VALUE, enter
from .wat import source

if TYPE_CHECKING:
    from arora_core.wasm.fixed_memory import FixedMemory

    from .engines import CompilingEngine
    from .unchecked import Calls

_ARGUMENT: Final = 512
"""Bytes of the largest argument that goes this way."""
_ANSWER: Final = 1024
"""Bytes of the largest answer that does."""

_PARAMETERS: Final = 4
_WORDS: Final = RAW_VALUE // 8
_ROOM: Final = _ARGUMENT + SLACK + _ANSWER


class _Room(NamedTuple):
    """What the calls at one depth of nesting keep in the guest's memory, and where their raw values lie."""

    argument: Array[c_char]
    """Assigning to its ``raw`` copies; quickly, and not what is too long."""
    argument_at: int
    answer: Any
    answer_at: int
    outcome: c_int64
    values_at: Any


class Adapter:
    """The adapted calls of one guest."""

    def __init__(self, calls: Calls, compiling: CompilingEngine, memory: FixedMemory) -> None:
        self._calls = calls
        self._compiling = compiling
        self._memory = memory
        self._rooms: list[_Room] = []
        self._full = False

    def around(self, symbol: str, plain: BufferCall) -> BufferCall:
        """The exported function ``symbol`` through the adapter; ``plain`` is for what does not go that way."""
        calls, prepared = self._calls, self._prepared
        guest, carried, take = calls.guest, calls.guest.carried, calls.guest.take
        context, trap, fail, forget = calls.context, calls.trap, calls.fail, calls.forget
        count, trap_at = c_size_t(_PARAMETERS), byref(trap)
        # Until the function is called there is nothing to call it with, and no room.
        exchange_at: Any = None
        rooms: list[_Room] = []

        def run(argument: bytes) -> bytes:
            nonlocal exchange_at, rooms
            if carried:
                return plain(argument)
            try:
                content, argument_at, answer, _, outcome, values_at = rooms[guest.calls_out]
                content.raw = argument
            except (IndexError, ValueError):
                if not prepared(len(argument)):
                    return plain(argument)
                if exchange_at is None:
                    exchange_at, rooms = self._exchange_at(symbol), self._rooms
                return run(argument)
            try:
                error = enter(context, exchange_at, values_at, count, trap_at)
                if error or trap or carried:
                    fail(error)
                size = outcome.value
                return answer[:size] if size > 0 else take(-1 - size, argument_at, argument_at + _ROOM)
            except BaseException:
                forget()
                raise

        return run

    def leave(self, answer: bytes) -> int:
        """Leaves what the guest is to be answered with in the room of the call it makes; returns the offset.

        0 where there is no room: the call did not come this way, or the answer is too large.
        """
        try:
            room = self._rooms[self._calls.guest.calls_out]
            room.answer.raw = answer
        except (IndexError, ValueError):
            return 0
        return room.answer_at

    def close(self) -> None:
        """To be called before the store is closed."""
        self._rooms.clear()

    def _exchange_at(self, symbol: str) -> Any:
        imports = [*map(self._calls.exported, (MEMORY, symbol, FREE)), self._calls.in_allocator]
        made = self._calls.instantiate_beside(self._compiling.beside(source("call_adapter")), imports)
        return byref(made("exchange").of.func)

    def _prepared(self, size: int) -> bool:
        """Whether an argument of that size can go this way: there is room for it from now on."""
        if size > _ARGUMENT or self._calls.guest.closed or self._full:
            return False
        if not self._rooms:
            self._calls.open_outlets(self)
        try:
            while len(self._rooms) <= self._calls.guest.calls_out:
                self._rooms.append(self._room())
        except Trap as trap:
            # The guest has less memory than this would take, and may have enough for the calls themselves.
            self._full = trap.kind is TrapKind.ABI
            if not self._full:
                raise
        return not self._full

    def _room(self) -> _Room:
        argument_at = self._calls.guest.reserve(_ROOM)
        answer_at = argument_at + _ARGUMENT + SLACK
        values = (c_uint64 * (_PARAMETERS * _WORDS))()
        values[_WORDS], values[2 * _WORDS], values[3 * _WORDS] = argument_at, answer_at, argument_at + _ROOM
        return _Room(
            self._memory.window(argument_at, _ARGUMENT),
            argument_at,
            self._memory.window(answer_at, _ANSWER),
            answer_at,
            c_int64.from_buffer(values),
            byref(values),
        )
