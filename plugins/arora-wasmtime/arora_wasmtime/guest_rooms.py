"""Memory that the host keeps in a guest, for the arguments and results of calls in one entry.

There is one room for each depth of nesting: a call that a callback makes must not overwrite what the outer call keeps.
A room is reserved by the guest's own allocator, once, when a call first gets that deep.
"""

from __future__ import annotations

from ctypes import Array, byref, c_char, c_int64, c_uint64
from typing import Any, Final, NamedTuple

from arora_core.errors import Trap, TrapKind
from arora_core.linear_memory import SLACK, LinearGuest
from arora_core.wasm.fixed_memory import FixedMemory

from .unchecked_store import WORDS

_ARGUMENT: Final = 512
"""Bytes of the largest argument that goes this way."""
_ANSWER: Final = 1024
"""Bytes of the largest result, or answer to a callback, that does."""
ROOM: Final = _ARGUMENT + SLACK + _ANSWER

PARAMETERS: Final = 4
"""How many ``exchange`` of call_adapter.wat takes."""


class Room(NamedTuple):
    """Where one call keeps what in the guest's memory, and the raw values to call ``exchange`` with."""

    argument: Array[c_char]
    """Assigning to its ``raw`` copies; quickly, and not what is too long."""
    argument_at: int
    answer: Any
    answer_at: int
    outcome: c_int64
    values_at: Any


class GuestRooms:
    """The rooms of one guest, by depth of nesting."""

    def __init__(self, guest: LinearGuest, memory: FixedMemory) -> None:
        self._guest = guest
        self._memory = memory
        self.by_depth: list[Room] = []
        self._full = False

    def prepare(self, size: int) -> bool:
        """Return whether an argument of that many bytes can go this way now; there is a room for it then."""
        if size > _ARGUMENT or self._guest.closed or self._full:
            return False
        try:
            while len(self.by_depth) <= self._guest.calls_out:
                self.by_depth.append(self._room())
        except Trap as trap:
            # The guest has less memory than this would take, and may have enough for the calls themselves.
            self._full = trap.kind is TrapKind.ABI
            if not self._full:
                raise
        return not self._full

    def leave(self, answer: bytes) -> int:
        """Leave the answer to a callback in the room of the call that made it; return its offset.

        0 where there is no room: the call did not come this way, or the answer is too large.
        """
        try:
            room = self.by_depth[self._guest.calls_out]
            room.answer.raw = answer
        except (IndexError, ValueError):
            return 0
        return room.answer_at

    def close(self) -> None:
        """Forget the rooms; to be called before the store is closed."""
        self.by_depth.clear()

    def _room(self) -> Room:
        argument_at = self._guest.reserve(ROOM)
        answer_at = argument_at + _ARGUMENT + SLACK
        values = (c_uint64 * (PARAMETERS * WORDS))()
        values[WORDS], values[2 * WORDS], values[3 * WORDS] = argument_at, answer_at, argument_at + ROOM
        return Room(
            self._memory.window(argument_at, _ARGUMENT),
            argument_at,
            self._memory.window(answer_at, _ANSWER),
            answer_at,
            c_int64.from_buffer(values),
            byref(values),
        )
