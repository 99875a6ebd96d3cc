"""Calls in and out of a store through the documented classes of wasmtime-py.

Slower than ``unchecked_calls``; the fallback for releases whose C functions are not declared as expected.

wasmtime-py keeps the exception of a callback in a module global, where threads overwrite each other's. So the
callbacks here never raise: they return to a small adapter module (``public_import.wat``), which traps in their place.
An exception that other code left in that global is recognised by its traceback.

Nothing can be caught that is raised in wasmtime-py's own callback before it calls the one here.
``deferred_interrupt`` and ``require_frames`` prevent such exceptions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import TracebackType
from typing import Any, Final, NoReturn
from weakref import ref

import wasmtime
from wasmtime import InstancePre, Store, WasmtimeError
from wasmtime import Trap as WasmtimeTrap

from arora_core.errors import Trap
from arora_core.executor import RowsCall
from arora_core.guest_symbols import WasmFunctionType
from arora_core.linear_memory import U32, BufferCall, Export, GlobalVariable, LinearGuest
from arora_core.wasm.python_stack import require_frames

from .calls import AdaptedCall, Failure, function_type
from .deferred_interrupt import in_guest, in_host
from .engines import CompilingEngine
from .freed_once import Linker, Module
from .wat import forwarding

_UNWIND: Final = -1
_FRAMES_TO_CALLBACK: Final = 25
"""An upper bound of the Python frames between a call into a guest and a callback out of it, which may raise nothing."""


class PublicCalls:
    """:class:`arora_wasmtime.calls.Calls` over documented classes; it makes no use of ``compiling``."""

    def __init__(
        self, store: Store, guest: LinearGuest, failure: Failure, compiling: CompilingEngine | None = None
    ) -> None:
        self._store = store
        self._guest = guest
        self._failure = failure
        self._exports: Mapping[str, Any] = {}
        self._answers: dict[tuple[str, str], Callable[..., int]] = {}

    def define(
        self, linker: wasmtime.Linker, import_: tuple[str, str], type: WasmFunctionType, answer: Callable[..., int]
    ) -> None:
        self._answers[import_] = answer
        # wasmtime-py keeps a callback until its store is deleted, so the callback must not keep the store alive.
        carried, calls = self._guest.carried, ref(self)

        def answer_or_unwind(*numbers: int) -> int:
            try:
                return _UNWIND if carried else in_host(_alive(calls)._answers[import_], *numbers) & U32
            except BaseException as exception:
                carried.append(exception)
                return _UNWIND

        result = "(result i32)" if type.results else ""
        answered = "(i32.wrap_i64 (local.get $answer))" if type.results else ""
        adapter = Module(linker.engine, forwarding("public_import", type, result=result, answered=answered))
        with Linker(linker.engine) as adapter_linker:
            adapter_linker.define_func("", "", function_type(type.params, ["i64"]), answer_or_unwind)
            exports = adapter_linker.instantiate(self._store, adapter).exports(self._store)
        linker.define(self._store, *import_, exports[""])

    def instantiate(self, prepared: InstancePre) -> None:
        self._exports = self._entry(prepared.instantiate, 0)(0).exports(self._store)

    def export(self, symbol: str) -> Export:
        function = self._exports[symbol]
        return self._entry(function, len(function.type(self._store).params))

    def memory(self, symbol: str) -> Memory:
        return Memory(self._exports[symbol], self._store)

    def global_variable(self, symbol: str) -> GlobalVariable:
        return Global(self._exports[symbol], self._store)

    def adapt(self, symbol: str, call: BufferCall) -> AdaptedCall:
        return AdaptedCall(call, lambda: None)

    def rows(self, symbol: str, plain: RowsCall) -> RowsCall:
        return plain

    def set_fuel(self, fuel: int) -> None:
        self._store.set_fuel(fuel)

    def fuel(self) -> int:
        return self._store.get_fuel()

    def deadline_setter(self) -> Callable[[], object]:
        return partial(self._store.set_epoch_deadline, 1)

    def close(self) -> None:
        self._exports = {}
        self._answers.clear()

    def _entry(self, call: Callable[..., Any], count: int) -> Callable[[int], Any]:
        """Return a function that calls ``call`` with the store and the first ``count`` (0 or 1) of its arguments."""
        carried, fail = self._guest.carried, self._fail
        # Without imports from the host, SIGINT needs no deferring.
        run = partial(in_guest, call, self._store) if self._answers else partial(call, self._store)

        # Nested calls pass through here, so it uses a single frame of Python's stack.
        def enter(argument: int) -> Any:
            error: BaseException | None = None
            # wasmtime-py expects signed numbers.
            arguments = ((argument & U32 ^ 1 << 31) - (1 << 31),)[:count]
            require_frames(_FRAMES_TO_CALLBACK)
            try:
                result = run(*arguments)
                if not carried:
                    return result
            except BaseException as raised:
                error = raised
            try:
                fail(error)
            finally:
                # Breaks the reference cycle through its traceback.
                del error

        return enter

    def _fail(self, error: BaseException | None) -> NoReturn:
        if self._guest.carried:
            self._guest.raise_carried()
        assert error is not None
        if _raised_elsewhere(error):
            raise Trap(f"crashed, but wasmtime-py reports another thread's exception instead: {error!r}")
        if isinstance(error, (WasmtimeError, WasmtimeTrap)):
            raise self._failure(error)
        raise error


def _alive(calls: ref[PublicCalls]) -> PublicCalls:
    found = calls()
    assert found is not None
    return found


def _raised_elsewhere(error: BaseException) -> bool:
    """Return whether ``error`` was raised outside of the current call. A generator's frame has no caller to compare."""
    at: TracebackType | None = error.__traceback__
    while at is not None and at.tb_next is not None:
        if at.tb_next.tb_frame.f_back not in (at.tb_frame, None):
            return True
        at = at.tb_next
    return False


class Memory:
    """A guest's linear memory: a :class:`arora_core.linear_memory.LinearMemory`."""

    def __init__(self, memory: wasmtime.Memory, store: Store) -> None:
        self._memory = memory
        self._store = store

    def size(self) -> int:
        return self._memory.data_len(self._store)

    def read(self, offset: int, size: int) -> bytes:
        return bytes(self._memory.read(self._store, offset, offset + size))

    def write(self, offset: int, data: bytes) -> None:
        self._memory.write(self._store, data, offset)


class Global:
    """A mutable global of type i32: a :class:`arora_core.linear_memory.GlobalVariable`."""

    def __init__(self, found: wasmtime.Global, store: Store) -> None:
        self._found = found
        self._store = store

    def get(self) -> int:
        value: int = self._found.value(self._store)
        return value

    def set(self, value: int) -> None:
        self._found.set_value(self._store, value)
