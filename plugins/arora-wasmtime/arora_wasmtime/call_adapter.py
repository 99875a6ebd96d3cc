"""Calls that enter the guest's store once, through an adapter module.

Step by step, a call enters the guest, reads the buffer that it returned, and enters it again to free that buffer.
Entering costs more than the work inside, so a module in the guest's own store, ``call_adapter.wat``, does all three.
It reports no errors itself: a result that is unusual is left untouched for :meth:`LinearGuest.take`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ctypes import addressof, byref, c_size_t
from typing import Any

from arora_core.executor import RawEntry
from arora_core.linear_memory import BufferCall
from arora_core.wasm.c_callbacks import CALLS_COUNT, require_frame

from .calls import AdaptedCall
from .guest_rooms import ANSWER, ARGUMENT, PARAMETERS, ROOM, GuestRooms, Room
from .unchecked_store import ENTER_AT, UncheckedStore, enter


def adapt_call(
    store: UncheckedStore,
    rooms: GuestRooms,
    exchange: Callable[[], Any],
    plain: BufferCall,
) -> AdaptedCall:
    """Return an equivalent of ``plain`` that enters the store once, and calls ``plain`` where that is not possible.

    ``exchange`` returns the exported function of call_adapter.wat. It is called at the first call.
    """
    guest, carried, take, prepare = store.guest, store.guest.carried, store.guest.take, rooms.prepare
    stack, unsettled = guest.kept_stack, guest.unsettled
    context, trap, fail, discard_trap = store.context, store.trap, store.fail, store.discard_trap
    count, trap_at, calls_host = c_size_t.from_param(PARAMETERS), byref(trap), store.calls_host
    # Both are set at the first call.
    exchanged: Any = None
    exchange_at: Any = None
    by_depth: Sequence[Room] = ()

    def run(argument: bytes) -> bytes:
        nonlocal exchanged, exchange_at, by_depth
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
                exchanged = exchange().of.func
                exchange_at, by_depth = byref(exchanged), rooms.by_depth
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

    def settle(error: int) -> bytes:
        """Return the result of a call at depth 0 that compiled code has made, or raise its failure."""
        _, argument_at, answer, _, outcome, _ = by_depth[0]
        try:
            if error or trap or carried:
                fail(error)
            size = outcome.value
            return answer[:size] if size > 0 else take(-1 - size, argument_at, argument_at + ROOM)
        except BaseException:
            discard_trap()
            stack.put_back(None)
            raise

    def raw_entry() -> RawEntry | None:
        if exchange_at is None or not by_depth:
            return None
        room = by_depth[0]
        return RawEntry(
            enter=ENTER_AT,
            context=store.context_at,
            function=addressof(exchanged),
            values=addressof(room.outcome),
            value_count=PARAMETERS,
            trap=addressof(trap),
            argument=addressof(room.argument),
            argument_size=ARGUMENT,
            answer=addressof(room.answer),
            answer_size=ANSWER,
            open=rooms.by_depth,
            carried=carried,
            unsettled=unsettled,
            before=require_frame if calls_host and CALLS_COUNT else None,
            settle=settle,
        )

    return AdaptedCall(run, raw_entry)
