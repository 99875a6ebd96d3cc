"""A call in one entry: what the host would do step by step is done by a small module beside the guest.

The protocol takes three steps on each call: enter the guest, look at the buffer that it returned, enter it again to
free that. Entering costs more than everything that happens inside, so the steps are put into a module in the guest's
own store, ``call_adapter.wat``. It decides on nothing: whatever is unusual it leaves as it is, for
:meth:`LinearGuest.take`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ctypes import byref, c_size_t
from typing import Any

from arora_core.linear_memory import BufferCall

from .guest_rooms import PARAMETERS, ROOM, GuestRooms, Room
from .unchecked_store import UncheckedStore, enter


def adapted(
    store: UncheckedStore,
    rooms: GuestRooms,
    exchange: Callable[[], Any],
    plain: BufferCall,
) -> BufferCall:
    """Return a call in one entry of what ``plain`` calls step by step; ``plain`` is for what cannot go that way.

    ``exchange`` makes the exported function of call_adapter.wat, when the function is first called.
    """
    guest, carried, take, prepare = store.guest, store.guest.carried, store.guest.take, rooms.prepare
    context, trap, fail, forget = store.context, store.trap, store.fail, store.forget
    count, trap_at = c_size_t(PARAMETERS), byref(trap)
    # Until the function is called there is nothing to call it with, and no room.
    exchange_at: Any = None
    by_depth: Sequence[Room] = ()

    def run(argument: bytes) -> bytes:
        nonlocal exchange_at, by_depth
        if carried:
            return plain(argument)
        try:
            content, argument_at, answer, _, outcome, values_at = by_depth[guest.calls_out]
            content.raw = argument
        except (IndexError, ValueError):
            if not prepare(len(argument)):
                return plain(argument)
            if exchange_at is None:
                exchange_at, by_depth = byref(exchange().of.func), rooms.by_depth
            return run(argument)
        try:
            error = enter(context, exchange_at, values_at, count, trap_at)
            if error or trap or carried:
                fail(error)
            size = outcome.value
            return answer[:size] if size > 0 else take(-1 - size, argument_at, argument_at + ROOM)
        except BaseException:
            forget()
            raise

    return run
