"""Calls in and out of a store through the documented classes of wasmtime-py.

Slower than ``unchecked_calls``; the fallback for releases whose C functions are not declared as expected.

wasmtime-py keeps the exception of a callback in a module global, where threads overwrite each other's. So the
callbacks here never raise: they return to a small adapter module (``public_import.wat``), which traps in their place.
An exception that other code left in that global is recognised by its traceback.

Nothing can be caught that is raised in wasmtime-py's own callback before it calls the one here.
``deferred_interrupt`` and ``require_frames`` prevent such exceptions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from types import TracebackType
from typing import Any, Final, NoReturn
from weakref import ref

import wasmtime
from wasmtime import InstancePre, WasmtimeError
from wasmtime import Trap as WasmtimeTrap

from arora_core.errors import LoadError, Trap
from arora_core.executor import RowsCall
from arora_core.guest_symbols import WasmFunctionType
from arora_core.linear_memory import U32, BufferCall, Export, GlobalVariable, LinearGuest
from arora_core.wasm.python_stack import require_frames

from .calls import AdaptedCall, Failure, Item, Items, function_type
from .deferred_interrupt import in_guest, in_host
from .engines import CompilingEngine
from .freed_once import Linker, Module, Store
from .wat import forwarding

_UNWIND: Final = -1
_MOST_I64: Final = 2**63 - 1
_ANSWERED: Final = {(): "", ("i32",): "(i32.wrap_i64 (local.get $answer))", ("i64",): "(local.get $answer)"}
"""What pushes the result of an import, by its type."""
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
        self._exported: Items = _nothing
        self._answers: list[Callable[..., int]] = []

    def host_function(self, import_: tuple[str, str], type: WasmFunctionType, answer: Callable[..., int]) -> Item:
        number = len(self._answers)
        self._answers.append(answer)
        # wasmtime-py keeps a callback until its store is deleted, so the callback must not keep the store alive.
        carried, calls = self._guest.carried, ref(self)
        # An i64 keeps one bit less, so that no number looks like an unwinding.
        most = _MOST_I64 if type.results == ("i64",) else U32

        def answer_or_unwind(*numbers: int) -> int:
            try:
                return _UNWIND if carried else in_host(_alive(calls)._answers[number], *numbers) & most
            except BaseException as exception:
                carried.append(exception)
                return _UNWIND

        result = f"(result {type.results[0]})" if type.results else ""
        answered = _ANSWERED[type.results]
        adapter = Module(self._store.engine, forwarding("public_import", type, result=result, answered=answered))
        with Linker(self._store.engine) as adapter_linker:
            adapter_linker.define_func("", "", function_type(type.params, ["i64"]), answer_or_unwind)
            return adapter_linker.instantiate(self._store, adapter).exports(self._store)[""]

    def define(self, linker: wasmtime.Linker, import_: tuple[str, str], item: Item) -> None:
        linker.define(self._store, *import_, item)

    def instantiate(self, prepared: InstancePre) -> None:
        self._exported = self._items(prepared.instantiate)

    def instantiate_part(self, module: wasmtime.Module, imports: Sequence[Item]) -> Items:
        def make(store: Store) -> wasmtime.Instance:
            return wasmtime.Instance(store, module, imports)

        return self._items(make)

    def _items(self, make: Callable[[Store], wasmtime.Instance]) -> Items:
        exports = self._entry(make, 0)(0).exports(self._store)

        def export_of(symbol: str) -> Item:
            try:
                return exports[symbol]
            except KeyError:
                raise LoadError(f"lost its export {symbol}") from None

        return export_of

    def complete(self, exports: Items) -> None:
        self._exported = exports

    def export(self, symbol: str) -> Export:
        return self.export_of(self._exported(symbol))

    def export_of(self, item: Item) -> Export:
        return self._entry(item, len(item.type(self._store).params))

    def memory(self, symbol: str) -> Memory:
        return self.memory_of(self._exported(symbol))

    def memory_of(self, item: Item) -> Memory:
        return Memory(item, self._store)

    def global_variable(self, symbol: str) -> GlobalVariable:
        return Global(self._exported(symbol), self._store)

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
        self._exported = _nothing
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


def _nothing(symbol: str) -> Item:
    raise LoadError(f"has no {symbol} yet")


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
