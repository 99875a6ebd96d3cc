"""The plugin. Arora imports it to find the command, so it imports as little as possible."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arora_core import hookimpl

if TYPE_CHECKING:
    import click


@hookimpl
def arora_commands(group: click.Group) -> None:
    from .command import command

    group.add_command(command)
