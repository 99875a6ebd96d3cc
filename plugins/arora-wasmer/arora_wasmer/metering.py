"""The words of a guest by which it is stopped, and in which its fuel is counted."""

from __future__ import annotations

from ctypes import c_int64, c_uint32
from typing import Final

from arora_core.executor import Limits

from .native_guest import NativeGuest

MOST_FUEL: Final = 2**63 - 1


class Words:
    """The controls of one guest (:class:`arora_core.wasm.metering.Controls`)."""

    def __init__(self) -> None:
        self._stop: c_uint32 | None = None
        self._fuel: c_int64 | None = None

    def attach(self, native: NativeGuest, limits: Limits) -> None:
        """Use the words of a guest that has been instantiated. Until then, it runs without limits."""
        stops = limits.deadline is not None or limits.interruptible
        self._stop = native.stop_word() if stops else None
        self._fuel = None if limits.fuel is None else native.fuel_word()

    def begin(self) -> None:
        if self._stop is not None:
            self._stop.value = 0

    def stop(self) -> None:
        if self._stop is not None:
            self._stop.value = 1

    def left(self) -> int:
        return 0 if self._fuel is None else max(0, self._fuel.value)

    def fill(self, fuel: int) -> None:
        if self._fuel is not None:
            self._fuel.value = fuel

    def close(self) -> None:
        self._stop = self._fuel = None
