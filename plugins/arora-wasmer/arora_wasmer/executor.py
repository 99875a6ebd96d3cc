"""The Wasmer executor. Importing this module does not import wasmer."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final
from weakref import WeakValueDictionary

from arora_core.executor import Capability, Executor, Host, Instance, Limits
from arora_core.guest_symbols import check_exports, check_imports
from arora_core.wasi import check_wasi_imports

from .stack import STACK

if TYPE_CHECKING:
    from arora_core.header import ModuleDefinition

    from .compiled import CompiledModule

_PACKAGES: Final = {"wasmer": "wasmer", "wasmer_compiler_cranelift": "wasmer-compiler-cranelift"}
_NEWEST_PYTHON: Final = (3, 10)


class WasmerExecutor(Executor):
    """An executor that compiles WebAssembly modules with Cranelift, and runs them on Wasmer 2."""

    name: ClassVar[str] = "wasmer"
    serves: ClassVar[frozenset[str]] = frozenset({"wasm"})
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {Capability.MEMORY_LIMIT, Capability.TRAPS, Capability.OUTPUT}
    )
    priority: ClassVar[int] = 5
    stack: ClassVar[int] = STACK

    def __init__(self) -> None:
        self._compiled: WeakValueDictionary[bytes, CompiledModule] = WeakValueDictionary()

    @classmethod
    def unavailable(cls) -> str | None:
        if sys.implementation.name != "cpython" or sys.version_info[:2] > _NEWEST_PYTHON:
            here = f"{sys.implementation.name} {sys.version_info.major}.{sys.version_info.minor}"
            return f"the last release of wasmer is for CPython 3.10, and this is {here}; use arora-wasmtime on this one"
        for module, package in _PACKAGES.items():
            spec = importlib.util.find_spec(module)
            if spec is None:
                return f"the package {package} is not installed; pip install {package}==1.1.0"
            if not any(_holds_extension(Path(place), module) for place in spec.submodule_search_locations or ()):
                return f"the package {package} has no build for this platform; use arora-wasmtime on this one"
        return None

    @classmethod
    def version(cls) -> str | None:
        try:
            return importlib.metadata.version("wasmer")
        except importlib.metadata.PackageNotFoundError:
            return None

    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        """See :meth:`arora_core.executor.Executor.load`; raise LimitExceeded if it starts over a limit."""
        from .compiled import compiled
        from .instance import WasmerInstance

        module = compiled(definition.executable, limits, self._compiled)
        check_exports(definition.header, module.exports)
        check_imports(module.imports)
        check_wasi_imports(module.imports)
        return WasmerInstance(module, definition.header, host)


def _holds_extension(directory: Path, module: str) -> bool:
    # For other platforms PyPI has a package of the same name without an extension; importing it raises.
    return any((directory / (module + suffix)).exists() for suffix in EXTENSION_SUFFIXES)
