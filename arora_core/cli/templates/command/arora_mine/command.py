"""``arora mine``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("mine", short_help="List a module's functions.")
@click.argument("module", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def command(module: Path) -> None:
    """Print the names of the functions of MODULE, a header."""
    from arora_core import Header  # here, because it takes time that other commands do not need

    for function in Header.load(module).exports:
        click.echo(function.name)
