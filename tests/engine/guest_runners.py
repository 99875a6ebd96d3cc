"""The executors on which tests run the conformance guest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from arora_core import Engine, LoadedModule, ModuleDefinition, discover
from arora_core.conformance import Guest, guest_for
from arora_core.executor import Executor

EXECUTORS: Final[Mapping[str, type[Executor]]] = {
    name: found.executor
    for name, found in discover().executors.items()
    if name in ("wasmtime", "native", "native-isolated", "wasmer") and found.executor.unavailable() is None
}
"""The executors that can run here, except the browser: it is slow and has separate tests."""

SANDBOXES: Final = [name for name, executor in EXECUTORS.items() if "wasm" in executor.serves]
"""The executors on which a guest may crash."""


@dataclass(frozen=True)
class GuestRunner:
    """The conformance guest on one executor."""

    executor: str

    @property
    def guest(self) -> Guest:
        """The guest in a kind that the executor serves."""
        return guest_for(EXECUTORS[self.executor])

    def definition(self, number: int = 0) -> ModuleDefinition:
        """Return the guest as module ``number``."""
        return self.guest.definition(number)

    def load(self, engine: Engine, number: int = 0, *, replace: bool = False) -> LoadedModule:
        """Load the guest into ``engine`` as module ``number``."""
        return engine.load_module(self.definition(number), executor=self.executor, replace=replace)
