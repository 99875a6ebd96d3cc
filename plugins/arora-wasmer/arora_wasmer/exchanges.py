"""Calls that enter the library once.

Step by step, a call writes its argument, enters the guest, reads the buffer that it returned, and enters it again to
free that buffer. The library does all of it in one call. It reports nothing that is wrong with the result itself: it
leaves what is unusual untouched for :meth:`LinearGuest.take`.

The argument goes to a room: a block of the guest's memory that the host reserves. Each depth of nesting has its own
one, because the outer calls may still need theirs. It comes from the guest's allocator when a call first reaches that
depth.
"""

from __future__ import annotations

import faulthandler
from collections.abc import Callable
from ctypes import byref, c_void_p
from typing import Any, Final

from arora_core.errors import Trap, TrapKind
from arora_core.linear_memory import SLACK, BufferCall, LinearGuest
from arora_core.wasm.c_callbacks import require_frame

from . import library
from .native_guest import NativeGuest
from .trap_signals import TrapSignals

_ARGUMENT: Final = 512
"""Bytes of the largest argument that fits into a room."""
_SIZE: Final = _ARGUMENT + SLACK


class Rooms:
    """The rooms of one guest, by depth of nesting."""

    def __init__(self, guest: LinearGuest) -> None:
        self._guest = guest
        self.by_depth: list[tuple[Any, int, int]] = []
        """Of each room: itself, for the library; where it begins; where it ends."""
        self._full = False

    def prepare(self) -> bool:
        """Reserve the room for the present depth; return whether there is one."""
        guest = self._guest
        if guest.closed or self._full:
            return False
        position = guest.kept_stack.position() if guest.calls_out else None
        try:
            while len(self.by_depth) <= guest.calls_out:
                at = guest.reserve(_SIZE)
                end = at + _SIZE + SLACK
                self.by_depth.append((byref(library.Room(at, _ARGUMENT, end)), at, end))
        except BaseException as error:
            guest.kept_stack.put_back(position)
            # The guest has too little memory for a room, but may have enough for the calls themselves.
            self._full = isinstance(error, Trap) and error.kind is TrapKind.ABI
            if not self._full:
                raise
        return not self._full

    def close(self) -> None:
        """Drop the rooms. Call it before the guest is freed."""
        self.by_depth.clear()


def exchanging(
    native: NativeGuest, guest: LinearGuest, rooms: Rooms, signals: TrapSignals, entry: c_void_p, plain: BufferCall
) -> BufferCall:
    """Return an equivalent of ``plain``, a call of this entry, that enters the library once where that is possible."""
    carried, unsettled, stack, take = guest.carried, guest.unsettled, guest.kept_stack, guest.take
    exchange, failed, buffer, by_depth, fail = (
        library.exchange,
        library.EXCHANGE_FAILED,
        native.buffer,
        rooms.by_depth,
        native.fail,
    )
    prepare, calls_host, replaced, restore = rooms.prepare, native.calls_host, faulthandler.is_enabled, signals.restore

    def run(argument: bytes) -> bytes:
        size = len(argument)
        if carried or unsettled or size > _ARGUMENT:
            return plain(argument)
        depth = guest.calls_out
        try:
            room, at, end = by_depth[depth]
        except IndexError:
            return run(argument) if prepare() else plain(argument)
        if signals.enabled or replaced():
            restore()
        if calls_host:
            require_frame()
        position = stack.position() if depth else None
        try:
            found = exchange(entry, room, argument, size)
            if found > 0:
                answer: bytes = buffer[:found]  # type: ignore[assignment]
                return answer
            if found == failed or carried:
                fail()
            return take(-1 - found, at, end)
        except BaseException:
            stack.put_back(position)
            raise

    return run


def restoring(signals: TrapSignals) -> Callable[[BufferCall], BufferCall]:
    """Return what wraps a call so that Wasmer's handlers of signals are in place."""
    restore = signals.restore

    def wrap(call: BufferCall) -> BufferCall:
        def run(argument: bytes) -> bytes:
            restore()
            return call(argument)

        return run

    return wrap
