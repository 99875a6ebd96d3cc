"""``arora include-dir``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("include-dir", short_help="Print the directory of arora.h.")
def command() -> None:
    """Print the directory of arora.h, for a C compiler: cc -I"$(arora include-dir)" …"""
    click.echo(str(Path(__file__).resolve().parents[1] / "include"))
