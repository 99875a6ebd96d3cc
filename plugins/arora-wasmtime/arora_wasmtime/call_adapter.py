"""Calls that enter the guest's store once, through an adapter module.

Step by step, a call enters the guest, reads the buffer that it returned, and enters it again to free that buffer.
Entering costs more than the work inside, so a module in the guest's own store, ``call_adapter.wat``, does all three.
It reports no errors itself: a result that is unusual is left untouched for :meth:`LinearGuest.take`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ctypes import byref, c_size_t
from typing import Any

from arora_core.linear_memory import BufferCall
from arora_core.wasm.c_callbacks import require_frame

from .guest_rooms import PARAMETERS, ROOM, GuestRooms, Room
from .unchecked_store import UncheckedStore, enter


def adapt_call(
    store: UncheckedStore,
    rooms: GuestRooms,
    exchange: Callable[[], Any],
    plain: BufferCall,
) -> BufferCall:
    """Return an equivalent of ``plain`` that enters the store once, and calls ``plain`` where that is not possible.

    ``exchange`` returns the exported function of call_adapter.wat. It is called at the first call.
    """
    guest, carried, take, prepare = store.guest, store.guest.carried, store.guest.take, rooms.prepare
    stack, unsettled = guest.kept_stack, guest.unsettled
    context, trap, fail, discard_trap = store.context, store.trap, store.fail, store.discard_trap
    count, trap_at, calls_host = c_size_t(PARAMETERS), byref(trap), store.calls_host
    # Both are set at the first call.
    exchange_at: Any = None
    by_depth: Sequence[Room] = ()

    def run(argument: bytes) -> bytes:
        nonlocal exchange_at, by_depth
        if carried or unsettled:
            return plain(argument)
        depth = guest.calls_out
        try:
            content, argument_at, answer, _, outcome, values_at = by_depth[depth]
            content.raw = argument
        except (IndexError, ValueError):
            if not prepare(len(argument)):
                return plain(argument)
            if exchange_at is None:
                exchange_at, by_depth = byref(exchange().of.func), rooms.by_depth
            return run(argument)
        if calls_host:
            require_frame()
        position = stack.position() if depth else None
        try:
            error = enter(context, exchange_at, values_at, count, trap_at)
            if error or trap or carried:
                fail(error)
            size = outcome.value
            return answer[:size] if size > 0 else take(-1 - size, argument_at, argument_at + ROOM)
        except BaseException:
            discard_trap()
            stack.put_back(position)
            raise

    return run
