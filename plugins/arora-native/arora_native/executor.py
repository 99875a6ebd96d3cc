"""The executor. Importing this file does not import ctypes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from arora_core.executor import Executor, Host, Instance, Limits

if TYPE_CHECKING:
    from arora_core.header import ModuleDefinition


class NativeExecutor(Executor):
    """Runs shared libraries in this process. Nothing protects the process from them."""

    name: ClassVar[str] = "native"
    serves: ClassVar[frozenset[str]] = frozenset({"native"})

    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        from .instance import NativeInstance

        return NativeInstance(definition, host)
