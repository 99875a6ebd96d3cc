"""A loaded module instance."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from arora_core.errors import LoadError
from arora_core.executor import Forms, Host, Instance, Limits, Rows, RowsCall
from arora_core.guest_symbols import (
    ALLOC,
    DISPATCH,
    DISPATCH_INDIRECT,
    FREE,
    HOST_NAMESPACE,
    HOST_TYPES,
    WASI_NAMESPACE,
    WasmFunctionType,
    function_symbol,
    initializer,
)
from arora_core.linear_memory import BufferCall, LinearGuest, TransferCall
from arora_core.wasi import PREVIEW_1, Preview1
from arora_core.wasm.alarm import Alarm
from arora_core.wasm.fixed_memory import FixedMemory
from arora_core.wasm.fixed_tables import PAGE, beyond, fix
from arora_core.wasm.memory_shortage import memory_shortage
from arora_core.wasm.metering import Meter
from arora_core.wasm.row_loop_module import row_loop_module
from arora_core.wasm.row_loops import RowLoops
from arora_core.wasm.timed_host import TimedHost

from . import library
from .compiled import CompiledModule, CompiledModules, signals
from .exchanges import Rooms, exchanging, restoring
from .metering import MOST_FUEL, Words
from .native_guest import BESIDE, Beside, HostImport, NativeGuest
from .stack import STACK
from .traps import Failures

if TYPE_CHECKING:
    from arora_core.header import Header, ModuleDefinition

_MOST_PAGES: Final = 1 << 16


class WasmerInstance(Instance):
    """An instance that owns its guest, and releases all of it on close."""

    stack = STACK

    def __init__(
        self,
        module: CompiledModule,
        definition: ModuleDefinition,
        host: Host,
        limits: Limits,
        alarm: Alarm,
        compiling: CompiledModules,
    ) -> None:
        # Keeps the compiled module in the executor's weak cache, for others that load the same executable.
        self._module: CompiledModule | None = module
        self._compiling = compiling
        self._guest = LinearGuest(host if limits.deadline is None else TimedHost(host))
        self._wasi = Preview1(self._guest)
        self._words = Words()
        self._meter = Meter(self._guest, limits, alarm, self._words, MOST_FUEL)
        self._rooms = Rooms(self._guest)
        self._functions: dict[bytes, BufferCall] = {}
        self._loops: list[CompiledModule] = []
        self._memory: FixedMemory | None = None
        self._native: NativeGuest | None = None
        try:
            self._native = self._new_guest(module, definition, limits)
            self._native.on_delete = self._release
            self._start(self._native, module, definition.header, limits)
        except BaseException:
            self.close()
            raise

    @property
    def needs_restart(self) -> bool:
        return self._guest.needs_restart

    def dispatch(self, function_id: bytes, argument: bytes) -> bytes:
        return self.function(function_id)(argument)

    def function(self, function_id: bytes) -> BufferCall:
        return self._functions.get(function_id) or self._guest.function(function_id)

    def transfer(self, function_id: bytes) -> TransferCall:
        return self._guest.transfer(function_id)

    def batch(self, function_id: bytes) -> RowsCall:
        plain, native = super().batch(function_id), self._native
        # Limits apply to each row, and a loop would be one call.
        if self._meter.metered or native is None:
            return plain
        loops = RowLoops(self._guest, plain, partial(self._row_loop, native, function_symbol(function_id)))

        def run(rows: Rows) -> None:
            signals.restore()
            loops(rows)

        return run

    def interrupt(self) -> None:
        self._meter.interrupt()

    def close(self) -> None:
        self._release()
        if self._native is not None:
            self._native.on_delete = None
            self._native.close()
        self._module = None
        self._loops.clear()

    def _release(self) -> None:
        """Refuse later calls, and drop everything that refers to the guest."""
        self._guest.close()
        self._wasi.detach()
        self._functions.clear()
        self._rooms.close()
        self._meter.close()
        if self._memory is not None:
            self._memory.close()

    def _new_guest(self, module: CompiledModule, definition: ModuleDefinition, limits: Limits) -> NativeGuest:
        names = {function_symbol(function.id.bytes): function.name for function in definition.header.exports}
        try:
            return NativeGuest(
                module.open(),
                _most_pages(module, definition.executable, limits),
                [self._host_import(namespace, name) for namespace, name, _ in module.types.imports],
                self._guest,
                Failures(limits, names),
            )
        except library.Refused as refused:
            raise _refusal(refused) from None

    def _start(self, native: NativeGuest, module: CompiledModule, header: Header, limits: Limits) -> None:
        signals.restore()
        try:
            native.start()
        except library.Refused as refused:
            raise _refusal(refused) from None
        self._words.attach(native, limits)
        with self._meter.running():
            if self._meter.metered:
                native.start_function()(0)
            ids = [function.id.bytes for function in header.exports]
            self._memory = native.memory()
            self._wasi.attach(self._memory)
            self._guest.attach(
                self._memory,
                native.export(ALLOC),
                native.export(FREE),
                {id: native.export(function_symbol(id)) for id in ids},
                self._around(),
            )
            symbol = initializer(module.types.exports)
            if symbol is not None:
                native.export(symbol)(0)
            stack = module.stack
            pointer = None if stack.export is None else native.global_variable(stack.export)
            self._guest.attach_stack(pointer, unknown=stack.unknown)
        for id in ids:
            entry, plain = native.entry(function_symbol(id)), self._guest.function(id)
            exchange = exchanging(native, self._guest, self._rooms, signals, entry, plain)
            self._functions[id] = self._meter.wrap(exchange)

    def _row_loop(self, native: NativeGuest, symbol: str, forms: Forms) -> Beside:
        compiled = self._compiling.beside(row_loop_module(forms, BESIDE))
        # As long as the guest exists, for the next batch with these forms.
        self._loops.append(compiled)
        return native.beside(compiled.open(), symbol)

    def _around(self) -> Callable[[BufferCall], BufferCall]:
        restored, meter = restoring(signals), self._meter
        return lambda call: meter.wrap(restored(call))

    def _host_import(self, namespace: str, name: str) -> HostImport:
        if namespace == WASI_NAMESPACE:
            return HostImport(namespace, name, PREVIEW_1[name], self._wasi.answer(name))
        answers: dict[str, tuple[WasmFunctionType, Callable[..., int]]] = {
            DISPATCH: (HOST_TYPES[DISPATCH], self._guest.answer_dispatch),
            DISPATCH_INDIRECT: (HOST_TYPES[DISPATCH_INDIRECT], self._guest.answer_dispatch_indirect),
        }
        assert namespace == HOST_NAMESPACE
        return HostImport(namespace, name, *answers[name])


def _most_pages(module: CompiledModule, executable: bytes, limits: Limits) -> int:
    """Return the limit of the memory in pages. Raise LimitExceeded if the module begins beyond its limit."""
    if limits.memory is None:
        return library.NO_LIMIT
    # Under a limit, tables keep their initial size; the library sees to that.
    tables, least = fix(executable, limits.memory).size, module.types.least_memory
    if least + tables > limits.memory:
        raise beyond(f"begins with {least + tables} bytes", limits.memory)
    return min((limits.memory - tables) // PAGE, _MOST_PAGES)


def _refusal(refused: library.Refused) -> LoadError:
    reason = str(refused).partition("\n")[0]
    return memory_shortage(reason) or LoadError(f"wasmer cannot instantiate it: {reason}")
