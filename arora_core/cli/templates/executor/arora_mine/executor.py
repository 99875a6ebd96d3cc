"""The executor: its name, its capabilities and loading. Importing this file does not import the runtime."""

from __future__ import annotations

from importlib.util import find_spec
from typing import ClassVar

from arora_core import Capability, Executor, Instance, Limits, MalformedExecutable, ModuleDefinition
from arora_core.executor import Host


class MineExecutor(Executor):
    name: ClassVar[str] = "mine"
    serves: ClassVar[frozenset[str]] = frozenset({"wasm"})
    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.TRAPS, Capability.OUTPUT})
    stack: ClassVar[int] = 1 << 20  # as much as a call may use: guests are started by the same calls

    @classmethod
    def unavailable(cls) -> str | None:
        return None if find_spec("wasmtime") else "the package wasmtime is not installed; pip install wasmtime"

    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        from .instance import MineInstance, engine

        if definition.executable[:4] != b"\0asm":  # wasmtime would try to parse it as text
            raise MalformedExecutable("not a WebAssembly module")
        return MineInstance(definition, host, engine())
