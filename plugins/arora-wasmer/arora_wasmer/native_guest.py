"""One guest in the library: its exports as callables, its imports answered by Python."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ctypes import addressof, c_char, c_int32, c_int64, c_uint32, c_void_p, cast
from typing import Any, Final, NamedTuple, NoReturn

from arora_core.guest_symbols import DISPATCH, DISPATCH_INDIRECT, HOST_NAMESPACE, WasmFunctionType
from arora_core.linear_memory import Export, LinearGuest
from arora_core.wasm.c_callbacks import Unwinding, c_callback, require_frame
from arora_core.wasm.fixed_memory import FixedMemory

from . import library
from .stack import GUEST_STACK
from .traps import Failures

ROOM: Final = 1024
"""Bytes of the largest result, or answer to an import, that is passed in a guest's buffer."""
_STOP, _FUEL, _START = "arora.stop", "arora.fuel", "arora.start"
"""The exports that the library adds to a module which counts time or fuel."""
BESIDE: Final = "arora-wasmer"
"""The name of modules beside guests. The library leaves out their frames."""
_UNWIND: Final = 0
_ANSWERED: Final = 1
_DISPATCH, _INDIRECT = 1, 2
_U64: Final = 0xFFFF_FFFF_FFFF_FFFF


class HostImport(NamedTuple):
    """An import of a guest: its names, its type, and what answers it with an integer or None."""

    namespace: str
    name: str
    type: WasmFunctionType
    answer: Callable[..., int | None]


class NativeGuest:
    """Owns a guest of the library, until it is closed or deleted."""

    def __init__(
        self, compiled: int, pages: int, imports: Sequence[HostImport], guest: LinearGuest, failure: Failures
    ) -> None:
        """``pages`` limits its memory. Raise Refused."""
        self._at: int | None = None
        self._free = library.free_guest
        self.on_delete: Callable[[], None] | None = None
        self._guest = guest
        self._failure = failure
        self.buffer = (c_char * ROOM)()
        # The library calls these until the guest is freed.
        self._callbacks: list[Any] = []
        self._unwinding = Unwinding(_unwind)
        refuse = self._callback(library.REFUSE, guest.check_reserved)
        settings = library.Settings(addressof(self.buffer), refuse, GUEST_STACK, pages, ROOM)
        answers = (library.ImportAnswer * len(imports))(*map(self._import_answer, imports))
        self.calls_host = bool(imports)
        """Whether the guest can call functions of the host."""
        self._at = library.new_guest(compiled, settings, answers)

    def start(self) -> None:
        """Instantiate it, and run its start function. Raise Refused, Trap, LimitExceeded, or what an import raised."""
        require_frame()
        if not library.start(self._open()) or self._guest.carried:
            self.fail()

    def export(self, symbol: str) -> Export:
        """Return an exported function that takes an i32 or nothing, and returns an i32 or nothing, as a callable."""
        entry, call, carried, fail = self.entry(symbol), library.call, self._guest.carried, self.fail
        calls_host = self.calls_host

        def run(argument: int) -> int:
            if calls_host:
                require_frame()
            result: int = call(entry, argument)
            if result < 0 or carried:
                fail()
            return result

        return run

    def start_function(self) -> Export:
        """Return the start function of a module that counts time or fuel, which has not been run yet."""
        try:
            return self.export(_START)
        except library.Refused:
            return _nothing

    def entry(self, symbol: str) -> c_void_p:
        """Return an exported function to call by the library."""
        return library.entry(self._open(), symbol)

    def memory(self) -> FixedMemory:
        """Return the guest's memory, for which Wasmer reserves 32 bits of address space, and which it never moves."""
        described = library.memory(self._open())
        return FixedMemory(lambda: described.size, lambda: described.base)

    def global_variable(self, symbol: str) -> Variable:
        """Return an exported mutable global of type i32."""
        return Variable(library.variable(self._open(), symbol))

    def beside(self, compiled: int, symbol: str) -> Beside:
        """Return an instance of a compiled module beside it, for its function of this name. Raise Refused."""
        return Beside(self, library.beside(self._open(), compiled, symbol))

    def stop_word(self) -> c_uint32:
        """Return the word that stops the guest when it is not 0."""
        return c_uint32.from_address(library.variable(self._open(), _STOP))

    def fuel_word(self) -> c_int64:
        """Return the guest's fuel."""
        return c_int64.from_address(library.variable(self._open(), _FUEL))

    @property
    def unwound(self) -> bool:
        """Whether the exception of an import is pending."""
        return bool(self._guest.carried)

    def fail(self) -> NoReturn:
        """Raise the failure of the last call."""
        if self._guest.carried:
            self._guest.raise_carried()
        raise self._failure(*library.failure(self._open()))

    def close(self) -> None:
        """Free it. Nothing that was returned here may be used any more. Idempotent."""
        at, self._at = self._at, None
        if at is not None:
            self._free(at)

    def __del__(self) -> None:
        # The garbage collector runs finalizers in any order: one that runs later must find the guest closed.
        if self.on_delete is not None:
            self.on_delete()
        self.close()

    def _open(self) -> int:
        assert self._at is not None
        return self._at

    # Imports.

    def _import_answer(self, imported: HostImport) -> library.ImportAnswer:
        in_steps = self._callback(library.IN_STEPS, _in_steps(imported.answer, len(imported.type.params)))
        kind, ask = 0, None
        if imported.namespace == HOST_NAMESPACE and imported.name == DISPATCH:
            kind, ask = _DISPATCH, self._callback(library.ASK_DISPATCH, self._ask_dispatch())
        elif imported.namespace == HOST_NAMESPACE and imported.name == DISPATCH_INDIRECT:
            kind, ask = _INDIRECT, self._callback(library.ASK_INDIRECT, self._ask_indirect())
        return library.ImportAnswer(kind, in_steps, cast(ask, c_void_p) if ask else None)

    def _callback(self, type: Any, function: Callable[..., int]) -> Any:
        callback = type(c_callback(function, self._guest.carried, self._unwinding))
        self._callbacks.append(callback)
        return callback

    def _ask_dispatch(self) -> Callable[..., int]:
        ask, place, buffer = self._guest.ask_dispatch, self._guest.place_answer, self.buffer

        def answer(module_at: int, function_at: int, argument_at: int) -> int:
            result = ask(module_at, function_at, argument_at)
            size = len(result)
            if 0 < size <= ROOM:
                buffer.raw = result
                return size
            return -place(result)

        return answer

    def _ask_indirect(self) -> Callable[..., int]:
        ask, place, buffer = self._guest.ask_dispatch_indirect, self._guest.place_answer, self.buffer

        def answer(callable_id: int) -> int:
            result = ask(callable_id)
            size = len(result)
            if 0 < size <= ROOM:
                buffer.raw = result
                return size
            return -place(result)

        return answer


class Beside:
    """An instance beside a guest: a :class:`arora_core.wasm.row_loops.RowLoop`. The guest owns it."""

    def __init__(self, native: NativeGuest, at: int) -> None:
        self._native = native
        self._at = at
        self._row = Variable(library.beside_variable(at, "row"))

    def run(self, numbers: Sequence[int]) -> int:
        if self._native.calls_host:
            require_frame()
        result = library.run_beside(self._at, numbers)
        if result is None or self._native.unwound:
            self._native.fail()
        return result

    @property
    def row(self) -> Variable:
        return self._row


class Variable:
    """A mutable global of type i32: a :class:`arora_core.wasm.guest_interface.GlobalVariable`."""

    def __init__(self, at: int) -> None:
        self._value = c_int32.from_address(at)

    def get(self) -> int:
        return self._value.value

    def set(self, value: int) -> None:
        self._value.value = value


def _in_steps(answer: Callable[..., int | None], count: int) -> Callable[[Any], int]:
    def run(values: Any) -> int:
        result = answer(*values[:count])
        if result is not None:
            values[0] = result & _U64
        return _ANSWERED

    return run


def _nothing(_: int) -> int:
    return 0


def _unwind() -> int:
    return _UNWIND
