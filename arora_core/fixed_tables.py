"""Tables that count in a memory limit. See :mod:`arora_core.wasm.fixed_tables`."""

from .wasm.fixed_tables import FixedTables, fix

__all__ = ["FixedTables", "fix"]
