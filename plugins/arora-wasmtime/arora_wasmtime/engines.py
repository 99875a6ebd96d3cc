"""Wasmtime engines, and the modules compiled for them."""

from __future__ import annotations

import hashlib
import logging
from typing import Final
from weakref import WeakValueDictionary

import wasmtime
from wasmtime import WasmtimeError

from arora_core import wasm_types
from arora_core.errors import MalformedExecutable
from arora_core.wasm import fixed_tables, stack_pointer
from arora_core.wasm.compiling_apart import compile_apart, is_apart
from arora_core.wasm.memory_shortage import memory_shortage
from arora_core.wasm.module_types import ModuleTypes, require_module
from arora_core.wasm.stack_pointer import GuestStack

from . import compiler_process
from .cache import use_cache
from .configuration import Metered, configuration
from .freed_once import Engine as WasmtimeEngine
from .freed_once import Module
from .traps import reason

_logger: Final = logging.getLogger("arora.wasmtime")

_MOST_ADAPTERS: Final = 256
"""Adapter modules that are kept for further instances."""


_Key = tuple[bytes, Metered]
"""The digest of an executable, and what its code counts."""


class Compiled:
    """A compiled executable, with the types of its exports and imports, and what is known of its stack."""

    __slots__ = ("__weakref__", "key", "module", "stack", "tables", "types")

    def __init__(self, key: _Key, module: wasmtime.Module, types: ModuleTypes, stack: GuestStack) -> None:
        self.key = key
        self.module = module
        self.types = types
        self.stack = stack
        self.tables = 0
        """Bytes that its tables take, if it has been used with a memory limit."""


_alive: Final[WeakValueDictionary[_Key, Compiled]] = WeakValueDictionary()
"""Code that some engine of this process has: the engines of a pool, and of threads, compile a module once."""


class CompilingEngine:
    """A Wasmtime engine, and the modules compiled for it."""

    def __init__(self, metered: Metered) -> None:
        self._counted = metered
        config = configuration(metered)
        use_cache(config)
        self.engine = WasmtimeEngine(config)
        self._adapter_modules: dict[str | bytes, Module] = {}
        self._modules: WeakValueDictionary[_Key, Compiled] = WeakValueDictionary()

    def compiled(self, executable: bytes) -> Compiled:
        """Return the compiled executable, from memory if one is alive. Raise MalformedExecutable if it is invalid."""
        key = hashlib.sha256(executable).digest(), self._counted
        compiled = self._modules.get(key)
        if compiled is None:
            other = _alive.get(key)
            compiled = self._compiled(key, executable) if other is None else _moved(other, self.engine)
            self._modules[key] = _alive[key] = compiled
        return compiled

    def _compiled(self, key: _Key, executable: bytes) -> Compiled:
        changed, stack = stack_pointer.exported(executable)
        module = _compile(self.engine, changed, self._counted)
        # Arora reads the types itself: wasmtime-py aborts the process when a function takes a vector.
        return Compiled(key, module, wasm_types.read(executable), stack)

    def limited(self, executable: bytes, memory: int | None) -> Compiled:
        """Return the compiled executable for a memory limit, if there is one. Raise LimitExceeded as well."""
        compiled = self.compiled(executable)
        if memory is None:
            return compiled
        # Tables can be fixed only in a valid module, so the first compilation checks the original.
        fixed = fixed_tables.fix(executable, memory)
        if fixed.executable != executable:
            compiled = self.compiled(fixed.executable)
        compiled.tables = fixed.size
        return compiled

    def adapter_module(self, source: str | bytes) -> Module:
        """Return the compiled module of ``source``, which is in WebAssembly's text or binary format."""
        module = self._adapter_modules.get(source)
        if module is None:
            if len(self._adapter_modules) >= _MOST_ADAPTERS:
                # Instances of it keep its code.
                self._adapter_modules.pop(next(iter(self._adapter_modules))).close()
            module = self._adapter_modules[source] = Module(self.engine, source)
        return module

    @property
    def metered(self) -> bool:
        """Whether compiled code counts epochs or fuel."""
        return self._counted != Metered(epochs=False, fuel=False)

    def copied(self, compiled: Compiled) -> tuple[WasmtimeEngine, Compiled]:
        """Return a new engine with the same configuration, and a copy of ``compiled`` for it."""
        # Without the cache: nothing is compiled here, and each engine with a cache has a thread for it.
        engine = WasmtimeEngine(configuration(self._counted))
        copy = _alive[compiled.key] = _moved(compiled, engine)
        copy.tables = compiled.tables
        return engine, copy

    def close(self) -> None:
        """Release the engine and its adapter modules."""
        for module in self._adapter_modules.values():
            module.close()
        self._adapter_modules.clear()
        self.engine.close()


def _moved(compiled: Compiled, engine: WasmtimeEngine) -> Compiled:
    """Return a copy of compiled code for another engine with the same configuration."""
    module = Module.deserialize(engine, compiled.module.serialize())
    return Compiled(compiled.key, module, compiled.types, compiled.stack)


def _compile(engine: WasmtimeEngine, executable: bytes, metered: Metered) -> wasmtime.Module:
    # Checked first: wasmtime-py parses bytes that do not begin with a zero byte as the text format.
    require_module(executable)
    try:
        if is_apart(executable):
            options = metered.epochs, metered.fuel
            code = compile_apart(compiler_process.__name__, options, bytes(executable), WasmtimeError)
            return Module.deserialize(engine, code)
        return Module(engine, executable)
    except WasmtimeError as error:
        raise memory_shortage(reason(error)) or MalformedExecutable(reason(error)) from None
