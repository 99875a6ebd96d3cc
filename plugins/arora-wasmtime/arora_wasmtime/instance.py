"""A module instance in its own store."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from arora_core.executor import Host, Instance, Limits, RawEntry, RowsCall
from arora_core.guest_symbols import ALLOC, FREE, MEMORY, function_symbol, initializer
from arora_core.linear_memory import BufferCall, LinearGuest, TransferCall
from arora_core.wasi import Preview1
from arora_core.wasm.alarm import Alarm
from arora_core.wasm.metering import Meter
from arora_core.wasm.timed_host import TimedHost

from .calls import AdaptedCall, MakeCalls
from .engines import Compiled, CompilingEngine
from .freed_once import Engine, Linker, Store
from .instantiation import define_imports, instantiate, limit_memory, link
from .metering import MOST_FUEL, StoreControls
from .stack import STACK
from .traps import Failures

if TYPE_CHECKING:
    from arora_core.header import Header


class _Store(Store):
    """A store that closes its instance before it is deleted.

    The garbage collector runs finalizers in any order. A finalizer that runs after this one may call a function of
    the guest, and must find it closed.
    """

    on_delete: Callable[[], None] | None = None

    def __del__(self) -> None:
        if self.on_delete is not None:
            self.on_delete()
        super().__del__()


class WasmtimeInstance(Instance):
    """An instance in its own store, because Wasmtime releases a store only as a whole."""

    stack = STACK

    def __init__(
        self,
        engine: Engine,
        compiled: Compiled,
        header: Header,
        host: Host,
        limits: Limits,
        make_calls: MakeCalls,
        alarm: Alarm,
        compiling: CompilingEngine,
    ) -> None:
        # Keeps the compiled module in the engine's weak cache, for others that load the same executable.
        self._compiled: Compiled | None = compiled
        self._own_engine = None if engine is compiling.engine else engine
        self._guest = LinearGuest(host if limits.deadline is None else TimedHost(host))
        self._wasi = Preview1(self._guest)
        self._functions: dict[bytes, AdaptedCall] = {}
        self._store = _Store(engine)
        names = {function_symbol(function.id.bytes): function.name for function in header.exports}
        # Metered stores have no adapter modules: time and fuel must be the guest's alone.
        adapter_compiler = None if compiling.metered else compiling
        self._calls = make_calls(self._store, self._guest, Failures(limits, names), adapter_compiler)
        self._store.on_delete = self._release
        controls = StoreControls(engine, self._calls)
        self._meter = Meter(self._guest, limits, alarm, controls, MOST_FUEL)
        try:
            self._start(engine, compiled, header, limits)
            for function in header.exports:
                id = function.id.bytes
                self._functions[id] = self._calls.adapt(function_symbol(id), self._guest.function(id))
        except BaseException:
            self.close()
            raise

    @property
    def needs_restart(self) -> bool:
        return self._guest.needs_restart

    def dispatch(self, function_id: bytes, argument: bytes) -> bytes:
        return self.function(function_id)(argument)

    def function(self, function_id: bytes) -> BufferCall:
        adapted = self._functions.get(function_id)
        return self._guest.function(function_id) if adapted is None else adapted.run

    def raw_entry(self, function_id: bytes) -> RawEntry | None:
        adapted = self._functions.get(function_id)
        return None if adapted is None else adapted.raw_entry()

    def transfer(self, function_id: bytes) -> TransferCall:
        return self._guest.transfer(function_id)

    def batch(self, function_id: bytes) -> RowsCall:
        return self._calls.rows(function_symbol(function_id), super().batch(function_id))

    def interrupt(self) -> None:
        self._meter.interrupt()

    def close(self) -> None:
        self._release()
        self._store.on_delete = None
        self._store.close()
        self._compiled = None
        self._meter.close()
        if self._own_engine is not None:
            self._own_engine.close()

    def _release(self) -> None:
        """Refuse later calls, and release everything that refers to the store."""
        self._guest.close()
        self._wasi.detach()
        self._functions.clear()
        self._calls.close()

    def _start(self, engine: Engine, compiled: Compiled, header: Header, limits: Limits) -> None:
        types, calls, meter = compiled.types, self._calls, self._meter
        limit_memory(self._store, types.least_memory, compiled.tables, limits)
        with Linker(engine) as linker:
            define_imports(linker, self._store, types.imports, self._guest, self._wasi, calls)
            prepared = link(linker, compiled.module)
        with meter.running():
            instantiate(prepared, calls, limits)
            ids = [function.id.bytes for function in header.exports]
            memory = calls.memory(MEMORY)
            self._wasi.attach(memory)
            self._guest.attach(
                memory,
                calls.export(ALLOC),
                calls.export(FREE),
                {id: calls.export(function_symbol(id)) for id in ids},
                meter.wrap,
            )
            initialize = initializer(types.exports)
            if initialize is not None:
                calls.export(initialize)(0)
            stack = compiled.stack
            pointer = None if stack.export is None else calls.global_variable(stack.export)
            self._guest.attach_stack(pointer, unknown=stack.unknown)
