"""Run Arora's WebAssembly modules on a browser's own WebAssembly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from arora_core.executor import Executor
from arora_core.hookspecs import hookimpl

if TYPE_CHECKING:
    import click


@hookimpl
def arora_executors() -> Sequence[type[Executor]]:
    from .executor import BrowserExecutor

    return [BrowserExecutor]


@hookimpl
def arora_commands(group: click.Group) -> None:
    from .web_command import web

    group.add_command(web)
