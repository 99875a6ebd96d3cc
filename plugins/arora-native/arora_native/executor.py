"""The native executor. Importing this module does not import ctypes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from arora_core.executor import Executor, Host, Instance, Limits

if TYPE_CHECKING:
    from arora_core.header import ModuleDefinition


class NativeExecutor(Executor):
    """An executor that runs shared libraries in this process, without isolation."""

    name: ClassVar[str] = "native"
    serves: ClassVar[frozenset[str]] = frozenset({"native"})

    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        from .floating_point import may_change
        from .instance import NativeInstance
        from .library import Library

        header, executable = definition.header, definition.executable
        exports = [(each.id.bytes, each.name) for each in header.exports]
        guarded = may_change(executable)
        library = partial(Library, executable, definition.path)
        return NativeInstance(header.name, exports, library, host, guarded=guarded)
