"""The engine: see :mod:`arora_core.runtime.engine`."""

from .runtime.engine import HOST, MAX_CALL_DEPTH, AnyId, Engine

__all__ = ["HOST", "MAX_CALL_DEPTH", "AnyId", "Engine"]
