"""``arora records``."""

from __future__ import annotations

from pathlib import Path

import click

from .module_file import RECORDS
from .records import read_records
from .terminal import printable


@click.group("records", short_help="Check and format directories of type records.")
def command() -> None:
    """Check and format directories of type records."""


@command.command("check")
@click.argument("directory", type=RECORDS, metavar="DIRECTORY")
@click.option(
    "--include", "others", type=RECORDS, multiple=True, metavar="RECORDS", help="Records that these may refer to."
)
def check(directory: Path, others: tuple[Path, ...]) -> None:
    """Print all mistakes in a directory of records, one a line: the file, the place in it, and what is wrong."""
    from ..authoring.record_check import problems

    found = problems(directory, read_records(others))
    for each in found:
        click.echo(printable(each.summary()).replace("\n", " "))
    if found:
        raise click.ClickException(f"{len(found)} {'problem' if len(found) == 1 else 'problems'} in {directory}")


@command.command("format")
@click.argument("directory", type=RECORDS, metavar="DIRECTORY")
@click.option(
    "--include", "others", type=RECORDS, multiple=True, metavar="RECORDS", help="Records that these may refer to."
)
@click.option("--check", "only_check", is_flag=True, help="Write nothing; fail if a file would change.")
def format_(directory: Path, others: tuple[Path, ...], only_check: bool) -> None:
    """Write the records in a directory in their canonical form, with their comments; print what changes."""
    from ..authoring.record_format import formatted
    from ..documents.writing import replace

    changed = formatted(directory, read_records(others))
    for path, data in changed.items():
        click.echo(printable(str(path)))
        if not only_check:
            replace(path, data)
    if only_check and changed:
        raise click.ClickException(f"{len(changed)} not in canonical form: run arora records format")
