"""A module instance in its own store."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from arora_core.executor import Host, Instance, Limits, RawEntry, RowsCall
from arora_core.guest_symbols import ALLOC, FREE, MEMORY, function_symbol
from arora_core.linear_memory import BufferCall, LinearGuest, TransferCall
from arora_core.wasi import Preview1
from arora_core.wasm.alarm import Alarm
from arora_core.wasm.metering import Meter
from arora_core.wasm.timed_host import TimedHost

from .calls import AdaptedCall, MakeCalls
from .engines import CompilingEngine
from .freed_once import Engine, Store
from .instantiation import limit_memory
from .metering import MOST_FUEL, StoreControls
from .program import Program, Surroundings
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
        program: Program,
        header: Header,
        host: Host,
        limits: Limits,
        make_calls: MakeCalls,
        alarm: Alarm,
        compiling: CompilingEngine,
    ) -> None:
        # Keeps the compiled module in the engine's weak cache, for others that load the same executable.
        self._program: Program | None = program
        engine = compiling.own_engine()
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
            self._start(program, engine, compiling, header, limits)
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
        self._program = None
        self._meter.close()
        if self._own_engine is not None:
            self._own_engine.close()

    def _release(self) -> None:
        """Refuse later calls, and release everything that refers to the store."""
        self._guest.close()
        self._wasi.detach()
        self._functions.clear()
        self._calls.close()

    def _start(
        self, program: Program, engine: Engine, compiling: CompilingEngine, header: Header, limits: Limits
    ) -> None:
        calls, meter = self._calls, self._meter
        limit_memory(self._store, program.least_memory, program.tables, limits, program.memories)
        surroundings = Surroundings(self._store, engine, compiling, self._guest, self._wasi, calls, limits)
        with meter.running():
            start = program.start(surroundings)
            memory = calls.memory(MEMORY)
            self._wasi.attach(memory)
            self._guest.attach(
                memory,
                calls.export(ALLOC),
                calls.export(FREE),
                {function.id.bytes: calls.export(function_symbol(function.id.bytes)) for function in header.exports},
                meter.wrap,
            )
            if start.initialize is not None:
                calls.export(start.initialize)(0)
            pointer = None if start.stack.export is None else calls.global_variable(start.stack.export)
            self._guest.attach_stack(pointer, unknown=start.stack.unknown)
