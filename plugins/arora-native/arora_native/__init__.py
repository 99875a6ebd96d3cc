"""The Arora executor for native modules: shared libraries, loaded into this process."""

from __future__ import annotations

from collections.abc import Sequence

from arora_core.executor import Executor
from arora_core.hookspecs import hookimpl


@hookimpl
def arora_executors() -> Sequence[type[Executor]]:
    from .executor import NativeExecutor

    return [NativeExecutor]
