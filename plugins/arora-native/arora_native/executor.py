"""The native executor. Importing this module does not import ctypes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from arora_core.executor import Executor, Host, Instance, Limits

if TYPE_CHECKING:
    from arora_core.header import ModuleDefinition


class NativeExecutor(Executor):
    """An executor that runs shared libraries in this process, without isolation."""

    name: ClassVar[str] = "native"
    serves: ClassVar[frozenset[str]] = frozenset({"native"})

    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        from .instance import NativeInstance

        return NativeInstance(definition, host)
