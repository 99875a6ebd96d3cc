"""The Arora executors for native modules: shared libraries, in this process or each in its own."""

from __future__ import annotations

from collections.abc import Sequence

from arora_core.executor import Executor
from arora_core.hookspecs import hookimpl


@hookimpl
def arora_executors() -> Sequence[type[Executor]]:
    from .executor import NativeExecutor
    from .isolated.executor import IsolatedExecutor

    return [NativeExecutor, IsolatedExecutor]
