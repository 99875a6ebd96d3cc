"""The Wasmtime executor. Importing this module does not import wasmtime."""

from __future__ import annotations

import atexit
import importlib.metadata
import importlib.util
from typing import TYPE_CHECKING, ClassVar, Final
from weakref import WeakSet

from arora_core.executor import Capability, Executor, Host, Instance, Limits
from arora_core.guest_symbols import check_exports, check_imports
from arora_core.wasm.alarm import Alarm

from .choosing_calls import chosen, wrong_choice
from .stack import STACK

if TYPE_CHECKING:
    from arora_core.header import ModuleDefinition

    from .configuration import Metered
    from .engines import CompilingEngine
    from .program import Program


_OLDEST: Final = 45
"""The first major release whose documented classes suffice. The README says how newer, untested releases are used."""

_live: Final[WeakSet[WasmtimeExecutor | Instance]] = WeakSet()


@atexit.register
def _keep_alive() -> None:
    """Keep the remaining executors and instances from being deleted while the interpreter shuts down.

    The finalizers of wasmtime-py would call functions that no longer exist by then, some of them from C. Closing the
    instances here is not an option: a guest may be running in a daemon thread.
    """
    import ctypes

    for each in list(_live):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(each))


class WasmtimeExecutor(Executor):
    """An executor that compiles WebAssembly modules to machine code when they are loaded."""

    name: ClassVar[str] = "wasmtime"
    serves: ClassVar[frozenset[str]] = frozenset({"wasm"})
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {
            Capability.MEMORY_LIMIT,
            Capability.DEADLINE,
            Capability.FUEL,
            Capability.INTERRUPT,
            Capability.TRAPS,
            Capability.OUTPUT,
        }
    )
    priority: ClassVar[int] = 10
    stack: ClassVar[int] = STACK

    def __init__(self) -> None:
        self._engines: dict[Metered, CompilingEngine] = {}
        self._alarm = Alarm()
        _live.add(self)

    @classmethod
    def unavailable(cls) -> str | None:
        if importlib.util.find_spec("wasmtime") is None:
            return "the package wasmtime is not installed; pip install wasmtime"
        return _too_old(cls.version()) or wrong_choice()

    @classmethod
    def version(cls) -> str | None:
        try:
            return importlib.metadata.version("wasmtime")
        except importlib.metadata.PackageNotFoundError:
            return None

    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        """See :meth:`arora_core.executor.Executor.load`; raise LimitExceeded if it starts over a limit."""
        from .configuration import Metered
        from .engines import CompilingEngine
        from .instance import WasmtimeInstance

        calls = chosen()
        metered = Metered.by(limits)
        compiling = self._engines.get(metered)
        if compiling is None:
            compiling = self._engines[metered] = CompilingEngine(metered)
        program = self._program(definition, compiling, limits)
        instance = WasmtimeInstance(program, definition.header, host, limits, calls, self._alarm, compiling)
        _live.add(instance)
        return instance

    def _program(self, definition: ModuleDefinition, compiling: CompilingEngine, limits: Limits) -> Program:
        """Return the compiled executable, whose imports and exports have been checked."""
        from .program import CoreProgram

        compiled = compiling.limited(definition.executable, limits.memory)
        check_exports(definition.header, compiled.types.exports)
        check_imports(compiled.types.imports)
        return CoreProgram(compiled)

    def close(self) -> None:
        self._alarm.close()
        for engine in self._engines.values():
            engine.close()
        self._engines.clear()


class WasmtimeComponentExecutor(WasmtimeExecutor):
    """An executor of WebAssembly components, whose core modules run as those of :class:`WasmtimeExecutor` do."""

    name: ClassVar[str] = "wasmtime-component"
    serves: ClassVar[frozenset[str]] = frozenset({"wasm-component"})

    def _program(self, definition: ModuleDefinition, compiling: CompilingEngine, limits: Limits) -> Program:
        from .component_program import ComponentProgram

        return ComponentProgram(definition, compiling, limits)


def _too_old(version: str | None) -> str | None:
    major = (version or "").partition(".")[0]
    if not major.isdecimal() or int(major) >= _OLDEST:
        return None
    return (
        f"wasmtime {version} is installed, but {_OLDEST} is the oldest that can be used; pip install --upgrade wasmtime"
    )
