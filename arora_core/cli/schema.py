"""``arora schema``."""

from __future__ import annotations

import click


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of module headers.

    Editors complete and check a module.yaml with it: save it and point the editor there.
    """
    from ..header.schema import text

    click.echo(text().rstrip("\n"))
