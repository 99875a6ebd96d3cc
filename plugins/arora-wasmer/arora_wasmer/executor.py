"""The Wasmer executor. Importing this module does not load Wasmer."""

from __future__ import annotations

import atexit
import importlib.util
import sys
import time
from typing import TYPE_CHECKING, ClassVar, Final
from weakref import WeakSet

from arora_core.executor import Capability, Executor, Host, Instance, Limits
from arora_core.guest_symbols import check_exports, check_imports
from arora_core.wasi import check_wasi_imports
from arora_core.wasm.alarm import Alarm

from .stack import STACK

if TYPE_CHECKING:
    from arora_core.header import ModuleDefinition

    from .compiled import CompiledModules

_VERSION: Final = "7.4.2"
"""The version of the crate that arora-libwasmer is made of."""

_MOMENT: Final = 0.2
"""Seconds that the end of the process waits for imports that are being answered."""
_live: Final[WeakSet[Instance]] = WeakSet()


@atexit.register
def _keep_alive() -> None:
    """Let guests that run in daemon threads go on without harm while the interpreter shuts down.

    Their memory must not be freed, so the remaining instances are kept from being deleted. And their threads must not
    be ended while they answer an import: those that do are given a moment to come to an end of it.
    """
    library = sys.modules.get(f"{__package__}.library")
    if library is None:
        return
    import ctypes

    for each in list(_live):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(each))
    give_up = time.monotonic() + _MOMENT
    while library.leave() and time.monotonic() < give_up:
        time.sleep(0.001)


class WasmerExecutor(Executor):
    """An executor that compiles WebAssembly modules with Cranelift, and runs them on Wasmer."""

    name: ClassVar[str] = "wasmer"
    serves: ClassVar[frozenset[str]] = frozenset({"wasm"})
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {
            Capability.MEMORY_LIMIT,
            Capability.DEADLINE,
            Capability.FUEL,
            Capability.TRAPS,
            Capability.INTERRUPT,
            Capability.OUTPUT,
        }
    )
    priority: ClassVar[int] = 5
    stack: ClassVar[int] = STACK

    def __init__(self) -> None:
        self._compiled: CompiledModules | None = None
        self._alarm = Alarm()

    @classmethod
    def unavailable(cls) -> str | None:
        if importlib.util.find_spec("arora_libwasmer") is None:
            return "the package arora-libwasmer is not installed; pip install arora-libwasmer"
        import arora_libwasmer

        return arora_libwasmer.unavailable()

    @classmethod
    def version(cls) -> str | None:
        return _VERSION

    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        """See :meth:`arora_core.executor.Executor.load`; raise LimitExceeded if it starts over a limit."""
        from .compiled import CompiledModules
        from .instance import WasmerInstance

        if self._compiled is None:
            self._compiled = CompiledModules()
        module = self._compiled.compiled(definition.executable, limits)
        check_exports(definition.header, module.types.exports)
        check_imports(module.types.imports)
        check_wasi_imports(module.types.imports)
        instance = WasmerInstance(module, definition, host, limits, self._alarm, self._compiled)
        _live.add(instance)
        return instance

    def close(self) -> None:
        self._alarm.close()
