"""A store's fuel, and the epoch of its engine, by which its calls are stopped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from wasmtime import Engine

from .calls import Calls

MOST_FUEL: Final = 2**64 - 1


class StoreControls:
    """The controls of one guest (:class:`arora_core.wasm.metering.Controls`).

    All stores of an engine share its epoch, so ``engine`` must belong to this guest alone if its calls may be stopped.
    """

    def __init__(self, engine: Engine, calls: Calls) -> None:
        self.begin: Final = calls.deadline_setter()
        self.stop: Callable[[], object] = engine.increment_epoch
        self.left: Final = calls.fuel
        self.fill: Final = calls.set_fuel

    def close(self) -> None:
        """Stop nothing from now on. The store refuses the rest by itself."""
        self.stop = lambda: None
