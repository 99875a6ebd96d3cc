"""One module loaded into a store of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from wasmtime import Engine, Linker, Store

from arora_core.executor import Host, Instance, Limits
from arora_core.guest_symbols import ALLOC, FREE, INITIALIZE, MEMORY, function_symbol
from arora_core.linear_memory import BufferCall, LinearGuest, TransferCall

from .calls import MakeCalls
from .deadline import Alarm
from .engines import Compiled, CompilingEngine
from .instantiation import define_imports, instantiate, limit_memory, link
from .metering import Meter
from .traps import Failures

if TYPE_CHECKING:
    from arora_core.header import Header


class _Store(Store):
    """Has its instance closed before it is deleted.

    The garbage collector calls finalizers in any order, and one that comes later may call a function of the guest: it
    has to find that closed.
    """

    let_go: Callable[[], None] | None = None

    def __del__(self) -> None:
        if self.let_go is not None:
            self.let_go()
        super().__del__()


class WasmtimeInstance(Instance):
    """A store holds everything of one instance, and nothing of another: it can only be given back as a whole."""

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
        # Others that load the same executable find its compiled module for as long as someone holds on to it.
        self._compiled: Compiled | None = compiled
        self._own_engine = None if limits.deadline is None else engine
        self._guest = LinearGuest(host)
        self._functions: dict[bytes, BufferCall] = {}
        self._store = _Store(engine)
        names = {function_symbol(function.id.bytes): function.name for function in header.exports}
        # Where code counts what it does, it has to be the guest's alone.
        beside = None if compiling.metered else compiling
        self._calls = make_calls(self._store, self._guest, Failures(limits, names), beside)
        self._store.let_go = self._let_go
        self._meter = Meter(engine, self._guest, self._calls, limits, alarm)
        try:
            self._start(engine, compiled, header, limits)
            for function in header.exports:
                id = function.id.bytes
                self._functions[id] = self._calls.short_cut(function_symbol(id), self._guest.function(id))
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
        self._let_go()
        self._store.let_go = None
        self._store.close()
        self._compiled = None
        self._meter.close()
        if self._own_engine is not None:
            self._own_engine.close()

    def _let_go(self) -> None:
        """Refuses every later call, and lets go of what is in the store."""
        self._guest.close()
        self._functions.clear()
        self._calls.close()

    def _start(self, engine: Engine, compiled: Compiled, header: Header, limits: Limits) -> None:
        types, calls, meter = compiled.types, self._calls, self._meter
        limit_memory(self._store, types.least_memory, limits)
        with Linker(engine) as linker:
            define_imports(linker, self._store, types.imports, self._guest, calls)
            prepared = link(linker, compiled.module)
        with prepared, meter.running():
            instantiate(prepared, calls, limits)
            ids = [function.id.bytes for function in header.exports]
            self._guest.attach(
                calls.memory(MEMORY),
                calls.export(ALLOC),
                calls.export(FREE),
                {id: calls.export(function_symbol(id)) for id in ids},
                meter.around,
            )
            if INITIALIZE in types.exports:
                calls.export(INITIALIZE)(0)
