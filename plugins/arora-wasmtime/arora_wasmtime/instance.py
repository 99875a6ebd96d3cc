"""One module loaded into a store of its own."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from wasmtime import Linker, Store

from arora_core.executor import Host, Instance, Limits
from arora_core.guest_symbols import ALLOC, FREE, INITIALIZE, function_symbol
from arora_core.linear_memory import BufferCall, LinearGuest, TransferCall

from .adapter import Adapted
from .engines import Compiled, CompilingEngine
from .instantiation import Exports, define_imports, instantiate, limit_memory, link
from .metering import Meter
from .traps import Failures
from .unchecked import Calls, Memory, context

if TYPE_CHECKING:
    from arora_core.header import Header


class WasmtimeInstance(Instance):
    """A store holds everything of one instance, and nothing of another: it can only be given back as a whole."""

    def __init__(self, engine: CompilingEngine, compiled: Compiled, header: Header, host: Host, limits: Limits) -> None:
        # Others that load the same executable find its compiled module for as long as someone holds on to it.
        self._compiled = compiled
        self._guest = LinearGuest(host)
        self._memory: Memory | None = None
        self._adapted: Adapted | None = None
        self._functions: dict[bytes, BufferCall] = {}
        self._store = Store(engine.engine)
        # C code calls into these, and owns what they give it, until the store is closed.
        self._callbacks: list[object] = []
        self._after_store = ExitStack()
        try:
            self._start(engine, header, limits)
        except BaseException:
            self.close()
            raise

    def dispatch(self, function_id: bytes, argument: bytes) -> bytes:
        return self.function(function_id)(argument)

    def function(self, function_id: bytes) -> BufferCall:
        return self._functions.get(function_id) or self._guest.function(function_id)

    def transfer(self, function_id: bytes) -> TransferCall:
        return self._guest.transfer(function_id)

    def close(self) -> None:
        self._guest.close()
        self._functions.clear()
        if self._adapted is not None:
            self._adapted.close()
        if self._memory is not None:
            self._memory.close()
        self._store.close()
        self._after_store.close()
        self._callbacks.clear()

    def _start(self, engine: CompilingEngine, header: Header, limits: Limits) -> None:
        ids = [function.id.bytes for function in header.exports]
        failures = Failures(limits, {function_symbol(f.id.bytes): f.name for f in header.exports})
        calls = Calls(self, context(self._store), self._guest, failures)
        self._after_store.callback(calls.unwinding.close)
        meter = Meter(self._store, self._guest, limits, engine.alarm, failures)
        self._after_store.callback(meter.close)
        types = self._compiled.types
        limit_memory(self._store, types.least_memory, limits)
        with Linker(engine.engine) as linker:
            self._callbacks += define_imports(linker, self._store, types.imports, self._guest, calls)
            prepared = link(linker, self._compiled.module)
        with prepared, meter.running():
            exports = Exports(self._store, instantiate(prepared, calls, limits))
            self._memory = Memory(context(self._store), exports.memory())
            functions = {id: calls.export(exports.function(function_symbol(id))) for id in ids}
            self._guest.attach(
                self._memory,
                calls.export(exports.function(ALLOC)),
                calls.export(exports.function(FREE)),
                functions,
                meter.around,
            )
            if limits.fuel is None:
                # The adapter's steps would count as the guest's.
                self._adapted = Adapted(self._store, engine.adapter, calls, self._guest, self._memory, exports)
                self._functions = {
                    id: meter.around(self._adapted.call(function_symbol(id), self._guest.function(id))) for id in ids
                }
            if INITIALIZE in types.exports:
                calls.export(exports.function(INITIALIZE))(0)
