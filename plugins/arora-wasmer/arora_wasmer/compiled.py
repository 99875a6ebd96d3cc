"""Compiled modules, shared by the instances of an executor for as long as one exists."""

from __future__ import annotations

import hashlib
import os
from typing import Final
from weakref import WeakValueDictionary

from arora_core import wasm_types
from arora_core.errors import LoadError, MalformedExecutable
from arora_core.executor import Limits
from arora_core.wasm import stack_pointer
from arora_core.wasm.compiling_apart import compile_apart, is_apart
from arora_core.wasm.memory_shortage import memory_shortage
from arora_core.wasm.module_types import require_module

from . import compiler_process, library
from .code_cache import CodeCache
from .trap_signals import TrapSignals

_MAX_REASON: Final = 300
_SMALL: Final = 1 << 14
"""Bytes of an executable that one thread compiles before another could start."""

_cache: Final = CodeCache(library.BUILD)

signals: Final = TrapSignals()
"""The handlers of signals that Wasmer needs."""


class CompiledModule:
    """A module, compiled with an engine of its own, because an engine never frees the code of a single module."""

    def __init__(self, executable: bytes, flags: int) -> None:
        with signals.record_handlers():
            library.install_handlers()
        changed, self.stack = stack_pointer.exported(executable)
        self._free = library.free_compiled
        self.at: int | None = _compiled(changed, flags)
        # Arora reads the types itself, as it does for other runtimes.
        self.types = wasm_types.read(executable)

    def open(self) -> int:
        """Return the library's module."""
        assert self.at is not None
        return self.at

    def __del__(self) -> None:
        at, self.at = getattr(self, "at", None), None
        if at is not None:
            self._free(at)


class CompiledModules:
    """The compiled modules of one executor, as long as anything uses them."""

    def __init__(self) -> None:
        self._known: WeakValueDictionary[bytes, CompiledModule] = WeakValueDictionary()

    def compiled(self, executable: bytes, limits: Limits) -> CompiledModule:
        """Return the module, compiled if it is not known. Raise MalformedExecutable, or LoadError."""
        return self._module(executable, _flags(limits))

    def beside(self, executable: bytes) -> CompiledModule:
        """Return a module to be instantiated beside guests without limits."""
        return self._module(executable, 0)

    def _module(self, executable: bytes, flags: int) -> CompiledModule:
        digest = hashlib.sha256(executable + bytes([flags])).digest()
        module = self._known.get(digest)
        if module is None:
            module = self._known[digest] = CompiledModule(_checked(executable), flags)
        return module

    def __len__(self) -> int:
        return len(self._known)


def _flags(limits: Limits) -> int:
    # Counting costs time, so code without limits is compiled without it.
    flags = 0 if limits.deadline is None and not limits.interruptible else library.STOP
    return flags | (0 if limits.fuel is None else library.FUEL)


def _checked(executable: bytes) -> bytes:
    require_module(executable)
    return bytes(executable)


def _compiled(executable: bytes, flags: int) -> int:
    if (code := _cache.find(executable, flags)) is not None:
        try:
            return library.deserialize(code)
        except library.Refused:
            _cache.forget(executable, flags)
    try:
        if is_apart(executable):
            code = compile_apart(compiler_process.__name__, flags, executable, library.Refused)
            compiled = library.deserialize(code)
        else:
            threads = 1 if len(executable) < _SMALL else os.cpu_count() or 1
            compiled = library.compile(executable, flags, threads)
            code = None
    except library.Refused as refused:
        raise _refusal(str(refused)) from None
    _cache.keep(executable, flags, lambda: code or library.serialize(compiled))
    return compiled


def _refusal(said: str) -> LoadError:
    reason = said.partition("\n")[0][:_MAX_REASON]
    if (shortage := memory_shortage(reason)) is not None:
        return shortage
    if reason.startswith("cannot start a thread"):
        return LoadError(f"wasmer {reason}")
    if reason.startswith(library.PANICKED):
        return MalformedExecutable(f"wasmer cannot compile it: {reason.removeprefix(library.PANICKED)}")
    return MalformedExecutable(reason)
