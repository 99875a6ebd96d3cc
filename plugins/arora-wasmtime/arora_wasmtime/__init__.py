"""The Arora executors for WebAssembly modules and components on Wasmtime."""

from __future__ import annotations

from collections.abc import Sequence

from arora_core.executor import Executor
from arora_core.hookspecs import hookimpl


@hookimpl
def arora_executors() -> Sequence[type[Executor]]:
    from .executor import WasmtimeComponentExecutor, WasmtimeExecutor

    return [WasmtimeExecutor, WasmtimeComponentExecutor]
