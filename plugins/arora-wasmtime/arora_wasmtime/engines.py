"""Wasmtime engines, and the modules compiled for them."""

from __future__ import annotations

import hashlib
import logging
from contextlib import suppress
from pathlib import Path
from typing import Final
from weakref import WeakValueDictionary

import wasmtime
from wasmtime import WasmtimeError

from arora_core import wasm_types
from arora_core.errors import MalformedExecutable
from arora_core.wasm import fixed_tables, stack_pointer
from arora_core.wasm.compiling_apart import can_be_apart, compile_apart
from arora_core.wasm.compiling_work import is_much
from arora_core.wasm.memory_shortage import memory_shortage
from arora_core.wasm.module_types import ModuleTypes, require_module
from arora_core.wasm.stack_pointer import GuestStack

from . import code_cache, compiler_process
from .cache import use_cache
from .configuration import Metered, configuration
from .freed_once import Engine as WasmtimeEngine
from .freed_once import Module
from .traps import reason

_logger: Final = logging.getLogger("arora.wasmtime")

LARGE: Final = 1 << 20
"""Bytes of a module that is compiled in a process of its own, which may use all processors."""
_MOST_ADAPTERS: Final = 256
"""Adapter modules that are kept for further instances."""


_Key = tuple[object, Metered]
"""What tells an executable from all others, such as its digest, and what its code counts."""


class Compiled:
    """A compiled executable, with the types of its exports and imports, and what is known of its stack."""

    __slots__ = ("__weakref__", "file", "key", "module", "stack", "tables", "types")

    def __init__(
        self, key: _Key, module: wasmtime.Module, types: ModuleTypes, stack: GuestStack, file: Path | None = None
    ) -> None:
        self.key = key
        self.file = file
        """Where the code is on disk, if it can be mapped into memory from there."""
        self.module = module
        self.types = types
        self.stack = stack
        self.tables = 0
        """Bytes that its tables take, if it has been used with a memory limit."""

    def with_module(self, module: wasmtime.Module) -> Compiled:
        """Return the same for another engine, for which ``module`` is."""
        copy = Compiled(self.key, module, self.types, self.stack, self.file)
        copy.tables = self.tables
        return copy


_alive: Final[WeakValueDictionary[_Key, Compiled]] = WeakValueDictionary()
"""Code that some engine of this process has: the engines of a pool, and of threads, compile a module once."""


class CompilingEngine:
    """A Wasmtime engine, and the modules compiled for it."""

    def __init__(self, metered: Metered) -> None:
        self.counted = metered
        config = configuration(metered)
        use_cache(config)
        self.engine = WasmtimeEngine(config)
        self._adapter_modules: dict[str | bytes, Module] = {}
        self._modules: WeakValueDictionary[_Key, Compiled] = WeakValueDictionary()

    def compiled(self, executable: bytes, *, kept: bool = True) -> Compiled:
        """Return the compiled executable, from memory if one is alive. Raise MalformedExecutable if it is invalid.

        Code that takes long to compile comes from the disk, and is kept there, unless ``kept`` is false.
        """
        key = hashlib.sha256(executable).digest(), self.counted
        compiled = self._modules.get(key)
        if compiled is None:
            other = _alive.get(key)
            compiled = self._compiled(key, executable, kept) if other is None else _moved(other, self.engine)
            self._modules[key] = _alive[key] = compiled
        return compiled

    def from_file(self, name: object, file: Path, types: ModuleTypes, stack: GuestStack) -> Compiled:
        """Return the compiled executable of this name, from a file that was written from its code.

        Raises WasmtimeError if it is the code of another release of Wasmtime, or none.
        """
        return Compiled((name, self.counted), Module.deserialize_file(self.engine, str(file)), types, stack, file)

    def moved(self, compiled: Compiled) -> Compiled:
        """Return compiled code of another engine with the same configuration for this one."""
        return _moved(compiled, self.engine)

    def _compiled(self, key: _Key, executable: bytes, kept: bool) -> Compiled:
        # Checked first: wasmtime-py parses bytes that do not begin with a zero byte as the text format.
        require_module(executable)
        if not (can_be_apart() and (len(executable) > LARGE or is_much(executable))):
            return self._newly_compiled(key, executable, apart=False)
        # The key holds the digest of the executable, which takes long to hash again.
        name = code_cache.digest(repr(key).encode())
        compiled = self._from_disk(key, name) if kept else None
        if compiled is None:
            compiled = self._newly_compiled(key, executable, apart=True)
            if kept:
                facts = compiled.types, compiled.stack
                code_cache.keep(name, facts, {0: bytes(compiled.module.serialize())})
        return compiled

    def _from_disk(self, key: _Key, name: str) -> Compiled | None:
        found = code_cache.find(name)
        if found is None:
            return None
        directory, (types, stack) = found
        try:
            return self.from_file(key[0], directory / code_cache.file_name(0), types, stack)
        except WasmtimeError as error:
            _logger.debug("compiled code is not used: %s", reason(error))
            code_cache.forget(name)
            return None

    def _newly_compiled(self, key: _Key, executable: bytes, *, apart: bool) -> Compiled:
        changed, stack = stack_pointer.exported(executable)
        module = _compile(self.engine, changed, self.counted, apart)
        # Arora reads the types itself: wasmtime-py aborts the process when a function takes a vector.
        return Compiled(key, module, wasm_types.read(executable), stack)

    def limited(self, executable: bytes, memory: int | None, *, kept: bool = True) -> Compiled:
        """Return the compiled executable for a memory limit, if there is one. Raise LimitExceeded as well."""
        compiled = self.compiled(executable, kept=kept)
        if memory is None:
            return compiled
        # Tables can be fixed only in a valid module, so the first compilation checks the original.
        fixed = fixed_tables.fix(executable, memory)
        if fixed.executable != executable:
            compiled = self.compiled(fixed.executable, kept=kept)
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
        return self.counted != Metered(epochs=False, fuel=False)

    def own_engine(self) -> WasmtimeEngine:
        """Return an engine for one guest, with the same configuration: this engine, unless the guest may be stopped.

        Incrementing the epoch stops all guests of an engine.
        """
        if not self.counted.epochs:
            return self.engine
        # Without the cache: nothing is compiled here, and each engine with a cache has a thread for it.
        return WasmtimeEngine(configuration(self.counted))

    def on(self, engine: WasmtimeEngine, compiled: Compiled) -> Compiled:
        """Return ``compiled`` for an engine of :meth:`own_engine`: a copy, unless it is this one."""
        if engine is self.engine:
            return compiled
        copy = _alive[compiled.key] = _moved(compiled, engine)
        return copy

    def close(self) -> None:
        """Release the engine and its adapter modules."""
        for module in self._adapter_modules.values():
            module.close()
        self._adapter_modules.clear()
        self.engine.close()


def _moved(compiled: Compiled, engine: WasmtimeEngine) -> Compiled:
    """Return a copy of compiled code for another engine with the same configuration."""
    if compiled.file is not None:
        with suppress(WasmtimeError):
            module = Module.deserialize_file(engine, str(compiled.file))
            return compiled.with_module(module)
    return compiled.with_module(Module.deserialize(engine, compiled.module.serialize()))


def _compile(engine: WasmtimeEngine, executable: bytes, metered: Metered, apart: bool) -> wasmtime.Module:
    try:
        if apart:
            options = metered.epochs, metered.fuel
            code = compile_apart(compiler_process.__name__, options, bytes(executable), WasmtimeError)
            return Module.deserialize(engine, code)
        return Module(engine, executable)
    except WasmtimeError as error:
        raise memory_shortage(reason(error)) or MalformedExecutable(reason(error)) from None
