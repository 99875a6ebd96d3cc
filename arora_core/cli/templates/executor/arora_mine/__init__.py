"""The plugin. Arora imports it to find the executor, so it imports as little as possible."""

from __future__ import annotations

from collections.abc import Sequence

from arora_core import Executor, hookimpl


@hookimpl
def arora_executors() -> Sequence[type[Executor]]:
    from .executor import MineExecutor

    return [MineExecutor]
