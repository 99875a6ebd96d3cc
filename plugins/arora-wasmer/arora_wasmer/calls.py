"""Calls in and out of a guest."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable
from ctypes import addressof, c_char
from types import MethodType
from typing import Final, NoReturn

from arora_core.errors import Trap, TrapKind
from arora_core.guest_symbols import WasmFunctionType
from arora_core.linear_memory import BufferCall, Export, LinearGuest
from arora_core.wasm.fixed_memory import FixedMemory

from . import runtime
from .traps import Failures

_END: Final = sys.maxsize


class Guest(LinearGuest):
    """One that can be referred to weakly, and whose calls to its host may be cut off."""

    __slots__ = ("__weakref__",)

    def settled(self, call: BufferCall) -> BufferCall:
        """``call``, after which as many calls to the host are under way as before it."""

        def run(argument: bytes) -> bytes:
            before = self.calls_out
            try:
                return call(argument)
            except Trap as trap:
                # Where a guest calls its host with next to no stack left, it is Python's own code that runs out.
                # wasmer then jumps out of that as it does out of a guest's: nothing on the way has been undone.
                if trap.kind is TrapKind.STACK_OVERFLOW:
                    self.calls_out = before
                raise

        return run


class Calls:
    """Makes the exports of one instance callable, and what it imports."""

    def __init__(self, owner: object, guest: Guest, failure: Failures) -> None:
        # A callable export that outlives all other mention of its instance keeps what answers its imports.
        self._owner = owner
        self._guest = guest
        self._failure = failure

    def export(self, function: runtime.Function) -> Export:
        """``function``, which takes an i32 and gives an i32 or nothing."""
        fail = self.fail

        def call(argument: int) -> int:
            try:
                return function(argument)
            except BaseException as error:
                fail(error)

        return call

    def fail(self, error: BaseException) -> NoReturn:
        """Raises what ``error``, which came out of wasmer, stands for."""
        if self._guest.carried:
            self._guest.raise_carried()
        # Its subclasses are Python's own, such as RecursionError.
        if type(error) is RuntimeError:
            raise self._failure(error) from None
        raise error

    def imported(
        self, store: runtime.Store, type: WasmFunctionType, answer: Callable[..., int | None]
    ) -> runtime.Function:
        """The method ``answer`` for the guest to call."""
        assert isinstance(answer, MethodType)
        # wasmer's objects hold this one where Python's garbage collector does not see it: a strong reference to
        # who answers would be the last part of a circle, and an instance that nobody closes would stay for ever.
        who, how, carried = weakref.ref(answer.__self__), answer.__func__, self._guest.carried

        def run(*arguments: int) -> int | None:
            try:
                result: int | None = how(who(), *arguments)
            except BaseException as exception:
                # Not by a method: at the end of Python's stack there is no call that would work.
                carried[_END:] = [exception]
                raise
            return result

        return runtime.new_function(store, run, type)


def fixed(memory: runtime.Memory) -> FixedMemory:
    """A guest's memory: wasmer reserves address space for all 32 bits, and never moves one."""
    return FixedMemory(lambda: memory.data_size, lambda: _base(memory))


def _base(memory: runtime.Memory) -> int:
    # wasmer's own view refuses to be given back in another thread: it lives no longer than this line.
    return addressof(c_char.from_buffer(memoryview(memory.buffer)))
