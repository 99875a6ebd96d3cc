"""Wasmtime itself, for tests that need no Arora around a guest."""

from __future__ import annotations

import wasmtime


def wasmtime_engine() -> wasmtime.Engine:
    """Return an engine that leaves the signal handlers of the process alone.

    With Wasmtime's own, a trap ends the process where faulthandler, which pytest enables, or Wasmer came after them.
    """
    config = wasmtime.Config()
    config.signals_based_traps = False
    return wasmtime.Engine(config)
