"""``arora freeze``."""

from __future__ import annotations

from pathlib import Path

import click

from .module_file import HEADER, RECORDS
from .printing import json_text, yaml_text
from .records import read_records


@click.command("freeze", short_help="Print a header in its low form, which needs no records.")
@click.argument("path", type=HEADER, metavar="module.yaml")
@click.option("--include", "records", type=RECORDS, multiple=True, metavar="RECORDS", help="A directory of records.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="The file to write.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(path: Path, records: tuple[Path, ...], output: Path | None, as_json: bool) -> None:
    """Print a header in its low form: every type and every module is a UUID, so that no records are needed to read it.

    That is what the engine of the Rust line loads. Dependencies, which only authors need, are left out.
    """
    from ..authoring.freezing import frozen
    from ..header import Header

    data = frozen(Header.load(path, read_records(records)))
    text = json_text(data) + "\n" if as_json else yaml_text(data)
    if output is None:
        click.echo(text, nl=False)
    else:
        from ..documents.writing import replace

        replace(output, text.encode())
