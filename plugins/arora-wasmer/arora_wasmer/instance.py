"""A loaded module instance."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from arora_core.executor import Host, Instance
from arora_core.guest_symbols import (
    ALLOC,
    DISPATCH,
    DISPATCH_INDIRECT,
    FREE,
    HOST_NAMESPACE,
    HOST_TYPES,
    MEMORY,
    WASI_NAMESPACE,
    WasmFunctionType,
    function_symbol,
    initializer,
)
from arora_core.linear_memory import BufferCall, TransferCall
from arora_core.wasi import PREVIEW_1, Preview1
from arora_core.wasm.fixed_memory import FixedMemory
from arora_core.wasm.memory_shortage import memory_shortage

from . import runtime, thread_pins
from .calls import Calls, Global, Guest, fixed
from .compiled import CompiledModule
from .stack import STACK
from .traps import Failures

if TYPE_CHECKING:
    from arora_core.header import Header

_check = threading.Lock()
_checked: list[bool] = []


class WasmerInstance(Instance):
    """An instance that owns its guest, and releases all of it on close."""

    stack = STACK

    def __init__(self, module: CompiledModule, header: Header, host: Host) -> None:
        _check_once()
        # Keeps the compiled module in the executor's weak cache, for others that load the same executable.
        self._module: CompiledModule | None = module
        self._guest = Guest(host)
        self._wasi = Preview1(self._guest)
        self._memory: FixedMemory | None = None
        try:
            self._start(module, header)
        except BaseException:
            self.close()
            raise

    @property
    def needs_restart(self) -> bool:
        return self._guest.needs_restart

    def dispatch(self, function_id: bytes, argument: bytes) -> bytes:
        return self._guest.dispatch(function_id, argument)

    def function(self, function_id: bytes) -> BufferCall:
        return self._guest.function(function_id)

    def transfer(self, function_id: bytes) -> TransferCall:
        return self._guest.transfer(function_id)

    def close(self) -> None:
        self._guest.close()
        self._wasi.detach()
        if self._memory is not None:
            self._memory.close()
        self._memory = self._module = None

    def _start(self, module: CompiledModule, header: Header) -> None:
        ids = [function.id.bytes for function in header.exports]
        calls = Calls(self, self._guest, Failures({function_symbol(f.id.bytes): f.name for f in header.exports}))
        module.signals.restore()
        module.pins.move_here()
        try:
            exports = runtime.instantiate(module.module, self._imports(module, calls))
        except BaseException as error:
            # Only in the first line: the others have names that the executable chooses.
            if isinstance(error, RuntimeError) and (shortage := memory_shortage(str(error).partition("\n")[0])):
                raise shortage from None
            calls.fail(error)
        functions = {id: getattr(exports, function_symbol(id)) for id in ids}
        alloc, free, memory = getattr(exports, ALLOC), getattr(exports, FREE), getattr(exports, MEMORY)
        pointer = None if module.stack.export is None else getattr(exports, module.stack.export)
        pins = thread_pins.Pins([alloc, free, memory, *functions.values(), *([] if pointer is None else [pointer])])
        self._memory = fixed(memory)
        self._wasi.attach(self._memory)
        self._guest.attach(
            self._memory,
            calls.export(alloc),
            calls.export(free),
            {id: calls.export(function) for id, function in functions.items()},
            self._call_wrapper(module, pins),
        )
        symbol = initializer(module.exports)
        if symbol is not None:
            initialize: Callable[[], object] = getattr(exports, symbol)
            try:
                initialize()
            except BaseException as error:
                calls.fail(error)
        self._guest.attach_stack(None if pointer is None else Global(pointer), unknown=module.stack.unknown)

    def _imports(self, module: CompiledModule, calls: Calls) -> dict[str, dict[str, runtime.Function]]:
        guest = self._guest
        answers: dict[tuple[str, str], tuple[WasmFunctionType, Callable[..., int | None]]] = {
            (HOST_NAMESPACE, DISPATCH): (HOST_TYPES[DISPATCH], guest.answer_dispatch),
            (HOST_NAMESPACE, DISPATCH_INDIRECT): (HOST_TYPES[DISPATCH_INDIRECT], guest.answer_dispatch_indirect),
        }
        imports: dict[str, dict[str, runtime.Function]] = {}
        for namespace, name, _ in module.imports:
            if namespace == WASI_NAMESPACE:
                type, answer = PREVIEW_1[name], self._wasi.answer(name)
            else:
                type, answer = answers[namespace, name]
            imports.setdefault(namespace, {})[name] = calls.imported(module.store, type, answer)
        return imports

    def _call_wrapper(self, module: CompiledModule, pins: thread_pins.Pins) -> Callable[[BufferCall], BufferCall]:
        restore, here = module.signals.restore, thread_pins.here

        def wrap(call: BufferCall) -> BufferCall:
            call = self._guest.restoring_depth(call)

            def run(argument: bytes) -> bytes:
                if here.number != pins.thread:
                    pins.move_here()
                restore()
                return call(argument)

            return run

        return wrap


def _check_once() -> None:
    with _check:
        if not _checked:
            thread_pins.check()
            _checked.append(True)
