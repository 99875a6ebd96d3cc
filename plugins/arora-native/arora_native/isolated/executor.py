"""The isolated executor. Importing this module does not import ctypes."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, ClassVar
from weakref import WeakValueDictionary

from arora_core.executor import Capability, Executor, Host, Instance, Limits

if TYPE_CHECKING:
    from arora_core.header import ModuleDefinition

    from .process import Workers


class IsolatedExecutor(Executor):
    """An executor that runs shared libraries in processes of their own, each or several in one."""

    name: ClassVar[str] = "native-isolated"
    serves: ClassVar[frozenset[str]] = frozenset({"native"})
    priority: ClassVar[int] = -1
    """Calls of it take longer than those of ``native``."""
    capabilities: ClassVar[frozenset[Capability]] = frozenset(Capability) - {Capability.FUEL}

    @classmethod
    def unavailable(cls) -> str | None:
        if sys.platform != "linux" or not hasattr(os, "memfd_create"):
            return "it needs files in memory and signals at the death of a parent, which Linux has: use native instead"
        if getattr(sys, "frozen", False):
            return "the executable of a frozen program is no Python, which workers need: use native instead"
        return None

    def __init__(self) -> None:
        self._workers: Workers = WeakValueDictionary()
        """Those that instances share. Each ends when no instance refers to it."""

    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        from .instance import IsolatedInstance
        from .tenant import sharing

        # How much memory each of several libraries takes, the system does not say.
        shared = sharing() and limits.memory is None
        return IsolatedInstance(definition, host, limits, self._workers if shared else None)
