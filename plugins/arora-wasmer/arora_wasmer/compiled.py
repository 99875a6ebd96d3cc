"""Compiled modules, shared by the instances of an executor for as long as one exists."""

from __future__ import annotations

import hashlib
import os
from typing import Final
from weakref import WeakValueDictionary

from arora_core.errors import ExecutorUnavailable, MalformedExecutable
from arora_core.executor import Limits
from arora_core.guest_symbols import MEMORY, WasmType
from arora_core.wasm import stack_pointer
from arora_core.wasm.compiling_apart import compile_apart, is_apart
from arora_core.wasm.fixed_tables import PAGE, beyond
from arora_core.wasm.memory_shortage import memory_shortage

from . import compiler_process, panics, runtime, thread_pins, unsupported
from .memory_limit import limited
from .trap_signals import TrapSignals

_MAGIC: Final = b"\0asm"
_COMPONENT_LAYER: Final = b"\x01\x00"
_SHOWN_BYTES: Final = 16
_MAX_REASON: Final = 300

_signals: Final = TrapSignals()
_compiled_in: Final[list[int]] = []
"""The id of the process that compiled first. Forked children lack the threads in which wasmer compiles."""


class CompiledModule:
    """A module with its own engine, because an engine never frees the code of a single module."""

    def __init__(self, executable: bytes) -> None:
        changed, self.stack = stack_pointer.exported(executable)
        with _signals.record_handlers():
            self.store = runtime.new_store()
        self.signals = _signals
        try:
            if is_apart(changed):
                code = compile_apart(compiler_process.__name__, None, changed, RuntimeError)
                self.module = runtime.from_code(self.store, code)
            else:
                self.module = runtime.new_module(self.store, changed)
        except RuntimeError as error:
            raise memory_shortage(_reason(error)) or MalformedExecutable(_reason(error)) from None
        except BaseException as error:
            panic = panics.reason(error)
            if panic is None:
                raise
            raise MalformedExecutable(f"wasmer cannot compile it: {panic}") from None
        self.pins = thread_pins.Pins([self.store, self.module])
        """To move the objects to the thread that makes an instance."""
        exports = self.module.exports
        self.exports: dict[str, WasmType] = {export.name: runtime.plain(export.type) for export in exports}
        self.imports: list[tuple[str, str, WasmType]] = [
            (imported.module, imported.name, runtime.plain(imported.type)) for imported in self.module.imports
        ]
        memories = [export.type for export in exports if export.name == MEMORY]
        self.most_pages = runtime.most_pages(memories[0]) if self.exports.get(MEMORY) == MEMORY else None


def compiled(executable: bytes, limits: Limits, known: WeakValueDictionary[bytes, CompiledModule]) -> CompiledModule:
    """Return the module from ``known``, or compile it. Raise MalformedExecutable or LimitExceeded."""
    digest = hashlib.sha256(executable + repr(limits.memory).encode()).digest()
    module = known.get(digest)
    if module is None:
        module = known[digest] = _compiled(executable, limits)
    return module


def _compiled(executable: bytes, limits: Limits) -> CompiledModule:
    if _compiled_in and _compiled_in[0] != os.getpid():
        raise ExecutorUnavailable(
            "wasmer cannot compile in a forked child of a process in which it has compiled; "
            "load the module before forking, start the child with spawn, or use arora-wasmtime"
        )
    # Checked first: wasmer parses bytes that do not begin with the magic number as the text format.
    if executable[:4] != _MAGIC:
        raise MalformedExecutable(f"not a WebAssembly module (starts with {bytes(executable[:_SHOWN_BYTES])!r})")
    if executable[6:8] == _COMPONENT_LAYER:
        raise MalformedExecutable("a WebAssembly component, expected a module")
    unsupported.check(bytes(executable))
    _compiled_in[:] = [os.getpid()]
    module = CompiledModule(bytes(executable))
    if limits.memory is None:
        return module
    # The limit can be written only into a valid module, so the first compilation checks the original.
    module = CompiledModule(limited(executable, limits.memory))
    if module.exports.get(MEMORY) == MEMORY and (module.most_pages is None or module.most_pages * PAGE > limits.memory):
        raise beyond("may grow to any size", limits.memory)
    return module


def _reason(error: RuntimeError) -> str:
    return str(error).partition("\n")[0][:_MAX_REASON]
