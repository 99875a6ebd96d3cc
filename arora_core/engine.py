"""The engine. See :mod:`arora_core.runtime.engine`."""

from .runtime.call_stack import MAX_CALL_DEPTH
from .runtime.engine import AnyId, Engine
from .runtime.host_module import HOST

__all__ = ["HOST", "MAX_CALL_DEPTH", "AnyId", "Engine"]
