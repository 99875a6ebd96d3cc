"""Rooms: blocks of guest memory that the host reserves for the arguments and results of adapted calls.

Each depth of nesting has its own room, because a nested call must not overwrite the buffers of the outer one. A room
comes from the guest's allocator, once, when a call first reaches that depth.
"""

from __future__ import annotations

from ctypes import Array, byref, c_char, c_int64, c_uint64
from typing import Any, Final, NamedTuple

from arora_core.errors import Trap, TrapKind
from arora_core.linear_memory import SLACK, LinearGuest
from arora_core.wasm.fixed_memory import FixedMemory

from .unchecked_store import WORDS

ARGUMENT: Final = 512
"""Bytes of the largest argument that fits into a room."""
ANSWER: Final = 1024
"""Bytes of the largest result, or answer to a callback, that fits into a room."""
ROOM: Final = ARGUMENT + SLACK + ANSWER

PARAMETERS: Final = 4
"""The number of parameters of ``exchange`` in call_adapter.wat."""


class Room(NamedTuple):
    """The layout of one room in the guest's memory, and the raw values to call ``exchange`` with."""

    argument: Array[c_char]
    """Assigning to its ``raw`` copies the bytes, or raises ValueError if they are too long."""
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
        """Reserve the room for an argument of ``size`` bytes; return whether the call can use it."""
        if size > ARGUMENT or self._guest.closed or self._full:
            return False
        guest = self._guest
        position = guest.kept_stack.position() if guest.calls_out else None
        try:
            while len(self.by_depth) <= guest.calls_out:
                self.by_depth.append(self._room())
        except BaseException as error:
            guest.kept_stack.put_back(position)
            # The guest has too little memory for a room, but may have enough for the calls themselves.
            self._full = isinstance(error, Trap) and error.kind is TrapKind.ABI
            if not self._full:
                raise
        return not self._full

    def write_answer(self, answer: bytes) -> int:
        """Write the answer to a callback into the room of the current call; return its offset.

        Return 0 if the call does not use a room, or the answer is too large for it.
        """
        try:
            room = self.by_depth[self._guest.calls_out]
            room.answer.raw = answer
        except (IndexError, ValueError):
            return 0
        return room.answer_at

    def close(self) -> None:
        """Drop the rooms. Call it before the store is closed."""
        self.by_depth.clear()

    def _room(self) -> Room:
        argument_at = self._guest.reserve(ROOM)
        answer_at = argument_at + ARGUMENT + SLACK
        values = (c_uint64 * (PARAMETERS * WORDS))()
        values[WORDS], values[2 * WORDS], values[3 * WORDS] = argument_at, answer_at, argument_at + ROOM
        return Room(
            self._memory.window(argument_at, ARGUMENT),
            argument_at,
            self._memory.window(answer_at, ANSWER),
            answer_at,
            c_int64.from_buffer(values),
            byref(values),
        )
