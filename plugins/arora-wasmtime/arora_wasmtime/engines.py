"""Wasmtime's engines and compiled modules."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from typing import Final
from weakref import WeakValueDictionary

from wasmtime import Config, Module, WasmtimeError
from wasmtime import Engine as WasmtimeEngine

from arora_core import wasm_types
from arora_core.errors import MalformedExecutable
from arora_core.executor import Limits
from arora_core.wasm.module_types import ModuleTypes

from .traps import reason

_logger: Final = logging.getLogger("arora.wasmtime")

_MAGIC: Final = b"\0asm"
_COMPONENT_LAYER: Final = b"\x01\x00"
_SHOWN: Final = 16
_STACK: Final = 1 << 20


@dataclass(frozen=True)
class Metered:
    """What compiled code has to count. Counting costs time, so code that need not is compiled without."""

    deadline: bool
    fuel: bool

    @classmethod
    def by(cls, limits: Limits) -> Metered:
        return cls(deadline=limits.deadline is not None, fuel=limits.fuel is not None)


class Compiled:
    """A compiled executable, and what it exports and imports."""

    __slots__ = ("__weakref__", "module", "types")

    def __init__(self, module: Module, types: ModuleTypes) -> None:
        self.module = module
        self.types = types


class CompilingEngine:
    """One of Wasmtime's engines, and the modules compiled for it."""

    def __init__(self, metered: Metered) -> None:
        self._counted = metered
        config = _config(metered)
        try:
            config.cache = True
        except WasmtimeError as error:
            _logger.debug("compiled code is not cached on disk: %s", reason(error))
        self.engine = WasmtimeEngine(config)
        self._beside: dict[str, Module] = {}
        self._modules: WeakValueDictionary[bytes, Compiled] = WeakValueDictionary()

    def compiled(self, executable: bytes) -> Compiled:
        """The compiled executable. Raises MalformedExecutable."""
        digest = hashlib.sha256(executable).digest()
        compiled = self._modules.get(digest)
        if compiled is None:
            module = _compile(self.engine, executable)
            # Not asked of wasmtime-py, which ends the process when a function takes a vector.
            compiled = self._modules[digest] = Compiled(module, wasm_types.read(executable))
        return compiled

    def beside(self, source: str) -> Module:
        """A module of the host's own, in the text format."""
        module = self._beside.get(source)
        if module is None:
            module = self._beside[source] = Module(self.engine, source)
        return module

    @property
    def metered(self) -> bool:
        """Whether compiled code counts anything."""
        return self._counted != Metered(deadline=False, fuel=False)

    def copied(self, compiled: Compiled) -> tuple[WasmtimeEngine, Compiled]:
        """A new engine like this one, and for it what was compiled for this one."""
        # Without the cache, to which it has nothing to add, and for which an engine has a thread.
        engine = WasmtimeEngine(_config(self._counted))
        module = Module.deserialize(engine, compiled.module.serialize())
        return engine, Compiled(module, compiled.types)

    def close(self) -> None:
        while self._beside:
            self._beside.popitem()[1].close()
        self.engine.close()


def _config(metered: Metered) -> Config:
    config = Config()
    # In a forked child, the threads that compile in parallel are gone, and it would wait for them.
    config.parallel_compilation = False
    # Its signal handlers are the process's, and it is not the only one to want some: if faulthandler is enabled
    # after Wasmtime set up its own, a guest's trap ends the process.
    config.signals_based_traps = False
    # The view of a memory is taken once (FixedMemory). Address space for all 32 bits is reserved anyway.
    config.memory_may_move = False
    # Of a guest's stack, the host's calls in between take part too: on CPython 3.10 and over wasmtime-py's public
    # classes, 64 nested ones take more than its default of half of it.
    config.max_wasm_stack = _STACK
    config.epoch_interruption = metered.deadline
    config.consume_fuel = metered.fuel
    return config


def _compile(engine: WasmtimeEngine, executable: bytes) -> Module:
    # Asked first, because wasmtime-py takes what does not begin with a zero byte for the text format.
    if executable[:4] != _MAGIC:
        raise MalformedExecutable(f"not a WebAssembly module (starts with {bytes(executable[:_SHOWN])!r})")
    if executable[6:8] == _COMPONENT_LAYER:
        raise MalformedExecutable("a WebAssembly component, expected a module")
    try:
        return Module(engine, executable)
    except WasmtimeError as error:
        raise MalformedExecutable(reason(error)) from None
