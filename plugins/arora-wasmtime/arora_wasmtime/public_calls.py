"""Calls in and out of a wasmtime store through the classes that wasmtime-py documents.

Slower than ``unchecked_calls``, and there for releases whose C library is not known to be what that was written for.

wasmtime-py keeps the exception of a callback in one global of the module, where two threads take each other's. So
none of ours ever raises: it answers the function of a small module in between, which crashes in the guest's place
when it is told to. What others left in that global is recognised by where it was raised.

Nor can anything be caught that wasmtime-py's own callback runs into before it has called ours. That there is nothing
to run into is for ``deferred_interrupt`` and ``_make_sure_of_room`` to see to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import TracebackType
from typing import Any, Final, NoReturn
from weakref import ref

import wasmtime
from wasmtime import InstancePre, Linker, Module, Store, WasmtimeError
from wasmtime import Trap as WasmtimeTrap

from arora_core.errors import Trap
from arora_core.guest_symbols import WasmFunctionType
from arora_core.linear_memory import U32, BufferCall, Export, LinearGuest

from .calls import Failure, function_type
from .deferred_interrupt import in_guest, in_host
from .engines import CompilingEngine
from .wat import forwarding

_UNWIND: Final = -1
_ROOM: Final = 25
"""More frames of Python's stack than there ever are between a call and a callback of ours that it leads to."""


class PublicCalls:
    """:class:`arora_wasmtime.calls.Calls` for any guest; nothing of the host's runs beside it."""

    def __init__(
        self, store: Store, guest: LinearGuest, failure: Failure, compiling: CompilingEngine | None = None
    ) -> None:
        self._store = store
        self._guest = guest
        self._failure = failure
        self._exports: Mapping[str, Any] = {}
        self._answers: dict[tuple[str, str], Callable[..., int]] = {}

    def define(
        self, linker: Linker, import_: tuple[str, str], type: WasmFunctionType, answer: Callable[..., int]
    ) -> None:
        self._answers[import_] = answer
        # wasmtime-py holds on to a callback until its store is deleted, which must not be what keeps the store.
        carried, calls = self._guest.carried, ref(self)

        def answer_or_unwind(*numbers: int) -> int:
            try:
                return _UNWIND if carried else in_host(_known(calls)._answers[import_], *numbers) & U32
            except BaseException as exception:
                carried.append(exception)
                return _UNWIND

        between = Module(linker.engine, forwarding("public_import", type))
        with Linker(linker.engine) as linker_between:
            linker_between.define_func("", "", function_type(type.params, ["i64"]), answer_or_unwind)
            exports = linker_between.instantiate(self._store, between).exports(self._store)
        linker.define(self._store, *import_, exports[""])

    def instantiate(self, prepared: InstancePre) -> None:
        self._exports = self._entering(prepared.instantiate, 0)(0).exports(self._store)

    def export(self, symbol: str) -> Export:
        function = self._exports[symbol]
        return self._entering(function, len(function.type(self._store).params))

    def memory(self, symbol: str) -> Memory:
        return Memory(self._exports[symbol], self._store)

    def short_cut(self, symbol: str, call: BufferCall) -> BufferCall:
        return call

    def setting_fuel(self, fuel: int) -> Callable[[], object]:
        return partial(self._store.set_fuel, fuel)

    def setting_deadline(self) -> Callable[[], object]:
        return partial(self._store.set_epoch_deadline, 1)

    def close(self) -> None:
        self._exports = {}
        self._answers.clear()

    def _entering(self, call: Callable[..., Any], count: int) -> Callable[[int], Any]:
        """What calls ``call`` with the store, and with its argument where it takes so many."""
        carried, fail = self._guest.carried, self._fail
        # A guest that calls none of ours cannot be interrupted at a bad moment.
        run = partial(in_guest, call, self._store) if self._answers else partial(call, self._store)

        # Calls nest through here, so it keeps to one frame of Python's stack.
        def enter(argument: int) -> Any:
            error: BaseException | None = None
            # Numbers are signed here.
            arguments = ((argument & U32 ^ 1 << 31) - (1 << 31),)[:count]
            _make_sure_of_room(_ROOM)
            try:
                answered = run(*arguments)
                if not carried:
                    return answered
            except BaseException as raised:
                error = raised
            try:
                fail(error)
            finally:
                # Its traceback leads back here.
                del error

        return enter

    def _fail(self, error: BaseException | None) -> NoReturn:
        if self._guest.carried:
            self._guest.raise_carried()
        assert error is not None
        if _raised_elsewhere(error):
            raise Trap(f"crashed, and wasmtime-py tells of another thread's exception instead: {error!r}")
        if isinstance(error, (WasmtimeError, WasmtimeTrap)):
            raise self._failure(error)
        raise error


def _known(calls: ref[PublicCalls]) -> PublicCalls:
    found = calls()
    assert found is not None
    return found


def _make_sure_of_room(frames: int) -> None:
    """Raises RecursionError here rather than on entering a callback, from which nothing may be raised."""
    if frames:
        _make_sure_of_room(frames - 1)


def _raised_elsewhere(error: BaseException) -> bool:
    """Whether it comes out of a call that was not made beneath this one. A generator's frame forgets its caller."""
    at: TracebackType | None = error.__traceback__
    while at is not None and at.tb_next is not None:
        if at.tb_next.tb_frame.f_back not in (at.tb_frame, None):
            return True
        at = at.tb_next
    return False


class Memory:
    """A guest's linear memory, as :class:`arora_core.linear_memory.LinearMemory`."""

    def __init__(self, memory: wasmtime.Memory, store: Store) -> None:
        self._memory = memory
        self._store = store

    def size(self) -> int:
        return self._memory.data_len(self._store)

    def read(self, offset: int, size: int) -> bytes:
        return bytes(self._memory.read(self._store, offset, offset + size))

    def write(self, offset: int, data: bytes) -> None:
        self._memory.write(self._store, data, offset)
