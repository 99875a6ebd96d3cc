"""The executor."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from arora_core.executor import Executor, Host, Instance, Limits

from .instance import NativeInstance

if TYPE_CHECKING:
    from arora_core.header import ModuleDefinition


class NativeExecutor(Executor):
    """Runs shared libraries in this process. Nothing protects the process from them."""

    name: ClassVar[str] = "native"
    serves: ClassVar[frozenset[str]] = frozenset({"native"})

    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        return NativeInstance(definition, host)
