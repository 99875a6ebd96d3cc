"""Calls in and out of a guest."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable
from ctypes import c_void_p, py_object, pythonapi
from types import MethodType
from typing import Final, NoReturn

from arora_core.errors import Trap, TrapKind
from arora_core.guest_symbols import WasmFunctionType
from arora_core.linear_memory import BufferCall, Export, LinearGuest
from arora_core.wasm.fixed_memory import FixedMemory

from . import panics, runtime
from .traps import Failures

_END: Final = sys.maxsize
_VIEW_WORDS: Final = 16
"""At least the words of a Py_buffer, whose first is the address."""


class Guest(LinearGuest):
    """A guest that allows weak references, and repairs its state after a stack overflow in the host."""

    __slots__ = ("__weakref__",)

    def restoring_depth(self, call: BufferCall) -> BufferCall:
        """Return ``call``, which restores ``calls_out`` after a stack overflow."""

        def run(argument: bytes) -> bytes:
            before = self.calls_out
            try:
                return call(argument)
            except Trap as trap:
                # A guest that calls its host with almost no stack left makes Python's own code overflow the stack.
                # wasmer then jumps out of Python as it does out of a guest: no ``finally`` has run on the way.
                if trap.kind is TrapKind.STACK_OVERFLOW:
                    self.calls_out = before
                raise

        return run


class Calls:
    """The exports and imports of one instance as callables."""

    def __init__(self, owner: object, guest: Guest, failure: Failures) -> None:
        # A callable export may outlive all other references to its instance. It keeps the imports alive by this one.
        self._owner = owner
        self._guest = guest
        self._failure = failure

    def export(self, function: runtime.Function) -> Export:
        """Return ``function``, which takes an i32 and returns an i32 or nothing, with failures converted."""
        fail = self.fail

        def call(argument: int) -> int:
            try:
                return function(argument)
            except BaseException as error:
                fail(error)

        return call

    def fail(self, error: BaseException) -> NoReturn:
        """Raise the pending exception if there is one, otherwise ``error``, which wasmer raised, converted."""
        if self._guest.carried:
            self._guest.raise_carried()
        # Not its subclasses, such as RecursionError, which Python raises.
        if type(error) is RuntimeError:
            raise self._failure(error) from None
        panic = panics.reason(error)
        if panic is not None:
            raise Trap(f"wasmer panicked: {panic}", kind=TrapKind.OTHER) from None
        raise error

    def imported(
        self, store: runtime.Store, type: WasmFunctionType, answer: Callable[..., int | None]
    ) -> runtime.Function:
        """Return the bound method ``answer`` as a function for the guest to import."""
        assert isinstance(answer, MethodType)
        # wasmer keeps this function where Python's garbage collector cannot see it: a strong reference to the
        # method's object would close a reference cycle, and leak every instance that is not closed.
        owner, function, carried = weakref.ref(answer.__self__), answer.__func__, self._guest.carried

        def run(*arguments: int) -> int | None:
            try:
                result: int | None = function(owner(), *arguments)
            except BaseException as exception:
                # Slice assignment instead of a method call, which could raise RecursionError again.
                carried[_END:] = [exception]
                raise
            return result

        return runtime.new_function(store, run, type)


class Global:
    """A mutable global of type i32: a :class:`arora_core.linear_memory.GlobalVariable`."""

    def __init__(self, found: runtime.Global) -> None:
        self._found = found

    def get(self) -> int:
        return self._found.value

    def set(self, value: int) -> None:
        self._found.value = value


def fixed(memory: runtime.Memory) -> FixedMemory:
    """Return a guest's memory at its fixed address: wasmer reserves 32 bits of address space, and never moves it."""
    return FixedMemory(lambda: memory.data_size, lambda: _base(memory))


def _base(memory: runtime.Memory) -> int:
    # The length of wasmer's view has 32 bits and is 0 for 4 GiB, so that only its address is taken. The view is
    # released in the thread that made it.
    view = (c_void_p * _VIEW_WORDS)()
    pythonapi.PyObject_GetBuffer(py_object(memory.buffer), view, 0)
    try:
        return view[0] or 0
    finally:
        pythonapi.PyBuffer_Release(view)
