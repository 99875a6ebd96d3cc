"""``arora generate``."""

from __future__ import annotations

from pathlib import Path

import click

from ..authoring import generated_files
from ..authoring.languages import generator
from ..header import Header
from .module_file import HEADER, RECORDS
from .records import read_records
from .session import Session, pass_session


@click.command("generate", short_help="Write a module's types and calls as source code.")
@click.option("--module", "path", type=HEADER, required=True, metavar="module.yaml", help="The module's header.")
@click.option(
    "--language",
    required=True,
    metavar="LANGUAGE",
    help="c, cpp, rust, python, python-module (for a module in Python), or one of a plugin.",
)
@click.option(
    "--output", type=click.Path(file_okay=False, path_type=Path), required=True, help="The directory to write to."
)
@click.option("--include", "records", type=RECORDS, multiple=True, metavar="RECORDS", help="A directory of records.")
@click.option("--check", is_flag=True, help="Write nothing; fail if a file is missing or not up to date.")
@pass_session
def command(session: Session, path: Path, language: str, output: Path, records: tuple[Path, ...], check: bool) -> None:
    """Write what a header says as source code: its types, its functions, and the calls of what it imports.

    Prints the path of each file. Files that were not generated are never overwritten.
    """
    chosen = generator(language, session.plugins)
    header = Header.load(path, read_records(records))
    if check:
        stale = generated_files.compare(chosen, header, output).changed
        for file in stale:
            click.echo(str(file))
        if stale:
            raise click.ClickException(f"not up to date: run arora generate again ({len(stale)} of the files differ)")
        return
    for file in generated_files.write(chosen, header, output).files:
        click.echo(str(file))
