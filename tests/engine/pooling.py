"""What the tests of pools share."""

from __future__ import annotations

import threading

from arora_core import EnginePool, Limits
from arora_core import values as v
from arora_core.runtime.pooled_module import PooledModule
from tests.engine.guest_runners import GuestRunner

SIZE = 3
ENDLESS = 1 << 40
"""Turns of work for hours."""


def load(pool: EnginePool, limits: Limits | None = None, executor: str = "wasmtime", number: int = 0) -> PooledModule:
    return pool.load_module(GuestRunner(executor).definition(number), executor=executor, limits=limits)


class Meeting:
    """A callable of guests that returns when so many of them are in it at the same time."""

    def __init__(self, pool: EnginePool, parties: int) -> None:
        self._barrier = threading.Barrier(parties)
        self.id = pool.register_callable(self._wait)

    def _wait(self) -> v.Value:
        self._barrier.wait(60)
        return v.U32(7)


class Gate:
    """A callable of guests that waits until it is opened."""

    def __init__(self, pool: EnginePool) -> None:
        self._begun, self._open = threading.Semaphore(0), threading.Event()
        self.open = self._open.set
        self.id = pool.register_callable(self._wait)

    def wait_for(self, guests: int) -> None:
        """Wait until so many guests are in it."""
        for _ in range(guests):
            self._begun.acquire(timeout=60)

    def _wait(self) -> v.Value:
        self._begun.release()
        self._open.wait(60)
        return v.Unit()
