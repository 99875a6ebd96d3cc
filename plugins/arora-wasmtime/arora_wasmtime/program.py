"""What an executable becomes in a store: the steps that are its own, from compiled code to a guest's exports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from arora_core.executor import Limits
from arora_core.guest_symbols import initializer
from arora_core.linear_memory import LinearGuest
from arora_core.stack_pointer import GuestStack
from arora_core.wasi import Preview1

from .calls import Calls
from .engines import Compiled, CompilingEngine
from .freed_once import Engine, Linker, Store
from .instantiation import define_imports, instantiate, link


class Started(NamedTuple):
    """A program that has been instantiated. Its exports, those of a core guest (ABI §3), are those of the calls."""

    initialize: str | None
    """The export to call once, before anything else."""
    stack: GuestStack


@dataclass(frozen=True)
class Surroundings:
    """The store of one guest, and what it is linked with."""

    store: Store
    engine: Engine
    """The store's engine, which need not be that of ``compiling``."""
    compiling: CompilingEngine
    guest: LinearGuest
    wasi: Preview1
    calls: Calls
    limits: Limits


class Program(Protocol):
    """A compiled executable, whose exports and imports have been checked."""

    @property
    def least_memory(self) -> int:
        """Bytes of its memory at the start."""

    @property
    def tables(self) -> int:
        """Bytes that its tables take, if it has a memory limit."""

    @property
    def memories(self) -> int:
        """How many memories it may have under a memory limit, each of which the limit bounds."""

    def start(self, surroundings: Surroundings) -> Started:
        """Instantiate it. Raises as :meth:`arora_core.executor.Executor.load` does."""


class CoreProgram:
    """One core module."""

    def __init__(self, compiled: Compiled) -> None:
        self._compiled = compiled
        self.least_memory = compiled.types.least_memory
        self.tables = compiled.tables
        self.memories = 1

    def start(self, surroundings: Surroundings) -> Started:
        """See :meth:`Program.start`."""
        engine, calls = surroundings.engine, surroundings.calls
        # The code is kept for others that load the same executable, once.
        compiled = self._compiled = surroundings.compiling.on(engine, self._compiled)
        with Linker(engine) as linker:
            define_imports(
                linker, surroundings.store, compiled.types.imports, surroundings.guest, surroundings.wasi, calls
            )
            prepared = link(linker, compiled.module)
        instantiate(prepared, calls, surroundings.limits)
        return Started(initializer(compiled.types.exports), compiled.stack)
