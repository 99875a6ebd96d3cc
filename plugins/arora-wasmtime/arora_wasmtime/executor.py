"""The executor. Importing this file does not import wasmtime."""

from __future__ import annotations

import atexit
import importlib.metadata
import importlib.util
from typing import TYPE_CHECKING, ClassVar, Final
from weakref import WeakSet

from arora_core.executor import Capability, Executor, Host, Instance, Limits
from arora_core.guest_symbols import check_exports, check_imports

from .choosing_calls import chosen, wrong_choice
from .deadline import Alarm

if TYPE_CHECKING:
    from arora_core.header import ModuleDefinition

    from .engines import CompilingEngine, Metered


_OLDEST: Final = 45
"""The first release with what is used of its documented classes. For newer ones than are tested see the README."""

_left: Final[WeakSet[WasmtimeExecutor | Instance]] = WeakSet()


@atexit.register
def _leave_behind() -> None:
    """Keeps what there still is from being deleted while the interpreter shuts down.

    wasmtime-py would call functions then that are not there any more, and some of them from C. Closing is no way: a
    guest may be running, in a thread that does not keep the process from ending.
    """
    import ctypes

    for each in list(_left):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(each))


class WasmtimeExecutor(Executor):
    """Compiles WebAssembly modules ahead of their first call, and runs them at the speed of native code."""

    name: ClassVar[str] = "wasmtime"
    serves: ClassVar[frozenset[str]] = frozenset({"wasm"})
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {Capability.MEMORY_LIMIT, Capability.DEADLINE, Capability.FUEL, Capability.TRAPS, Capability.OUTPUT}
    )
    priority: ClassVar[int] = 10

    def __init__(self) -> None:
        self._engines: dict[Metered, CompilingEngine] = {}
        self._alarm = Alarm()
        _left.add(self)

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
        """As :meth:`arora_core.executor.Executor.load`; LimitExceeded when the module begins beyond its limits."""
        from .engines import CompilingEngine, Metered
        from .instance import WasmtimeInstance

        calls = chosen()
        metered = Metered.by(limits)
        compiling = self._engines.get(metered)
        if compiling is None:
            compiling = self._engines[metered] = CompilingEngine(metered)
        compiled = compiling.compiled(definition.executable)
        check_exports(definition.header, compiled.types.exports)
        check_imports(compiled.types.imports)
        engine = compiling.engine
        if metered.deadline:
            # What stops a guest at its deadline stops all guests of its engine, so it has one to itself.
            engine, compiled = compiling.copied(compiled)
        instance = WasmtimeInstance(engine, compiled, definition.header, host, limits, calls, self._alarm, compiling)
        _left.add(instance)
        return instance

    def close(self) -> None:
        self._alarm.close()
        while self._engines:
            self._engines.popitem()[1].close()


def _too_old(version: str | None) -> str | None:
    major = (version or "").partition(".")[0]
    if not major.isdecimal() or int(major) >= _OLDEST:
        return None
    return (
        f"wasmtime {version} is installed, and the oldest that can be used is {_OLDEST}; pip install --upgrade wasmtime"
    )
