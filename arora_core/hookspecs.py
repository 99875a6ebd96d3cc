"""The hooks that a plugin may implement. A plugin is a module named by an entry point of the group ``arora``.

    from arora_core import hookimpl

    @hookimpl
    def arora_executors():
        from .executor import MyExecutor
        return [MyExecutor]

Importing a plugin must not import its runtime: that belongs in ``Executor.load``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    import click

    from .codec import Codec
    from .executor import Executor
    from .generator import Generator

PROJECT = "arora"
"""The pluggy project name and the entry-point group."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def arora_executors() -> Sequence[type[Executor]]:
    """Return the executor classes that this plugin provides."""
    return ()


@hookspec
def arora_codecs() -> Sequence[Codec]:
    """Return the codecs that this plugin provides."""
    return ()


@hookspec
def arora_generators() -> Sequence[Generator]:
    """Return the generators of source code that this plugin provides."""
    return ()


@hookspec
def arora_commands(group: click.Group) -> None:
    """Add the plugin's commands to the ``arora`` command line."""
