"""One loaded module in a separate store. LinearGuest implements the guest protocol and its checks."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

import wasmtime as w

from arora_core import CallError, Instance, MalformedExecutable, ModuleDefinition, Trap, TrapKind, wasm_types
from arora_core import guest_symbols as symbols
from arora_core.executor import Host
from arora_core.linear_memory import LinearGuest
from arora_core.stack_pointer import GuestStack, exported
from arora_core.wasi import Preview1, check_wasi_imports

INDIRECT_CALLS = dict.fromkeys(["INDIRECT_CALL_TO_NULL", "BAD_SIGNATURE"], TrapKind.INDIRECT_CALL)
KINDS = {**TrapKind.__members__, **INDIRECT_CALLS, "BAD_CONVERSION_TO_INTEGER": TrapKind.BAD_CONVERSION}

STACK = 1 << 20
"""Bytes of a thread's native stack that a call uses at most, those of the host code in it included."""


@cache
def engine() -> w.Engine:
    return w.Engine(config())


def config() -> w.Config:
    config = w.Config()
    config.signals_based_traps = False  # do not replace signal handlers of the process
    config.max_wasm_stack = STACK
    return config


@lru_cache(maxsize=16)
def compiled(engine: w.Engine, executable: bytes) -> tuple[w.Module, GuestStack]:
    executable, stack = exported(executable)
    return w.Module(engine, executable), stack


class MineInstance(LinearGuest, Instance):
    stack = STACK

    def __init__(self, definition: ModuleDefinition, host: Host, engine: w.Engine) -> None:
        super().__init__(host)
        self.engine, self.store = engine, w.Store(engine)
        try:
            self.start(definition)
        except BaseException:
            self.close()
            raise

    def start(self, definition: ModuleDefinition) -> None:
        try:
            module, stack = compiled(self.engine, definition.executable)
        except w.WasmtimeError as error:
            raise MalformedExecutable(str(error).partition("\n")[0]) from None
        types = wasm_types.read(definition.executable)
        symbols.check_exports(definition.header, types.exports)
        symbols.check_imports(types.imports)
        check_wasi_imports(types.imports)
        self.instantiate(definition, module, symbols.initializer(types.exports), stack)

    def instantiate(
        self, definition: ModuleDefinition, module: w.Module, initializer: str | None, stack: GuestStack
    ) -> None:
        wasi, linker = Preview1(self), w.Linker(self.engine)
        linker.allow_shadowing = True  # a module may import a function twice
        host_functions: dict[str, Callable[..., int]] = {
            symbols.DISPATCH: self.answer_dispatch,
            symbols.DISPATCH_INDIRECT: self.answer_dispatch_indirect,
        }
        for each in module.imports:
            type: Any = each.type
            name = each.name or ""
            function = host_functions[name] if each.module == symbols.HOST_NAMESPACE else wasi.answer(name)
            linker.define_func(each.module, name, type, self.wrap_import(function))

        exports: Any = self.wrap_export(linker.instantiate)(self.store, module).exports(self.store)
        memory = Memory(exports[symbols.MEMORY], self.store)
        wasi.attach(memory)

        def export(symbol: str) -> Callable[..., Any]:
            call = self.wrap_export(exports[symbol])
            return lambda *numbers: call(self.store, *map(signed, numbers))

        functions = {
            each.id.bytes: export(symbols.function_symbol(each.id.bytes)) for each in definition.header.exports
        }
        self.attach(memory, export(symbols.ALLOC), export(symbols.FREE), functions)
        if initializer is not None:
            export(initializer)()
        pointer = None if stack.export is None else StackPointer(exports[stack.export], self.store)
        self.attach_stack(pointer, unknown=stack.unknown)

    def wrap_import(self, function: Callable[..., int | None]) -> Callable[..., int | None]:
        """Return a function that keeps the exceptions of ``function`` in ``carried`` and ends the guest."""

        def call(*numbers: int) -> int | None:
            try:
                result = function(*numbers)
            except BaseException as error:
                self.carried.append(error)
                raise
            return None if result is None else signed(result)

        return call

    def wrap_export(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that raises the pending exception of an import, and traps of the runtime as Trap."""

        def call(*arguments: object) -> Any:
            try:
                return function(*arguments)
            except BaseException as error:
                if self.carried:
                    self.raise_carried()
                if not isinstance(error, w.Trap):
                    raise
                raise self.failure(error.trap_code.name if error.trap_code else "") from None

        return call

    def failure(self, code: str) -> CallError:
        """Return the error for the runtime's trap of this name."""
        kind = KINDS.get(code, TrapKind.OTHER)
        return Trap(kind.value, kind=kind)

    def close(self) -> None:
        super().close()
        self.store.close()


class Memory:
    def __init__(self, memory: w.Memory, store: w.Store) -> None:
        self.memory, self.store = memory, store

    def size(self) -> int:
        return self.memory.data_len(self.store)

    def read(self, offset: int, size: int) -> bytes:
        return bytes(self.memory.read(self.store, offset, offset + size))

    def write(self, offset: int, data: bytes) -> None:
        if data:
            self.memory.write(self.store, data, offset)


class StackPointer:
    def __init__(self, variable: w.Global, store: w.Store) -> None:
        self.variable, self.store = variable, store

    def get(self) -> int:
        return int(self.variable.value(self.store))

    def set(self, value: int) -> None:
        self.variable.set_value(self.store, value)


def signed(number: int) -> int:
    """Return the same 32 bits as a signed number, which the runtime requires."""
    return (number & 0xFFFF_FFFF ^ 1 << 31) - (1 << 31)
