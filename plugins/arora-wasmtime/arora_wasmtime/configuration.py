"""How Wasmtime compiles and runs guests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wasmtime import Config

from .stack import STACK

if TYPE_CHECKING:
    from arora_core.executor import Limits


@dataclass(frozen=True)
class Metered:
    """What compiled code counts. Counting costs time, so code without limits is compiled without it."""

    epochs: bool
    """Whether it counts epochs, which is how it is stopped at a deadline or when it is interrupted."""
    fuel: bool

    @classmethod
    def by(cls, limits: Limits) -> Metered:
        """Return what code has to count to enforce ``limits``."""
        return cls(epochs=limits.deadline is not None or limits.interruptible, fuel=limits.fuel is not None)


def configuration(metered: Metered) -> Config:
    """Return the configuration of an engine."""
    config = Config()
    # A forked child lacks the threads that compile in parallel, and would wait for them.
    config.parallel_compilation = False
    # Signal handlers belong to the process: if faulthandler is enabled after Wasmtime has installed its own, a guest's
    # trap ends the process.
    config.signals_based_traps = False
    # FixedMemory takes the address of a memory once. Address space for all 32 bits is reserved anyway.
    config.memory_may_move = False
    # Host calls use the guest's stack as well: on CPython 3.10 with public calls, 64 nested ones need more than the
    # default, which is half of this.
    config.max_wasm_stack = STACK
    config.epoch_interruption = metered.epochs
    config.consume_fuel = metered.fuel
    return config
