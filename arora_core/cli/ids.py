"""``arora id``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import click

from ..documents import files
from ..documents.places import header_refusal
from ..header import Header
from .module_file import HEADER, RECORDS
from .records import read_records
from .terminal import printable


@click.command("id", short_help="Fill in the ids that headers and records lack.")
@click.argument("paths", type=click.Path(exists=True, readable=True, path_type=Path), nargs=-1, required=True)
@click.option("--check", is_flag=True, help="Write nothing; print what lacks an id, and fail if something does.")
@click.option("--module", "modules", type=HEADER, multiple=True, metavar="module.yaml", help="A module imported from.")
@click.option("--include", "records", type=RECORDS, multiple=True, metavar="RECORDS", help="A directory of records.")
def command(paths: tuple[Path, ...], check: bool, modules: tuple[Path, ...], records: tuple[Path, ...]) -> None:
    """Fill in every id that is missing in headers and in directories of records, so that authors write names alone.

    Comments, the order of keys and the layout stay as they are. A record stands for the directory that it is in. The
    ids of imports are those of --module. Nothing is written where something is wrong.
    """
    from ..authoring.header_ids import HeaderIds
    from ..authoring.record_ids import RecordIds, apply
    from ..documents.writing import replace

    base = read_records(records)
    others = [Header.load(each, base) for each in modules]
    missing: list[str] = []
    writing: list[Callable[[], None]] = []
    for path in dict.fromkeys(_directory_of_record(each) or each for each in paths):
        if path.is_dir():
            filled = RecordIds(path, base).filled()
            missing += filled.missing
            writing.append(partial(apply, filled, path))
        else:
            ids = HeaderIds(files.read(path, header_refusal(str(path))), str(path), others)
            data = ids.filled()
            missing += [f"{path}: {each}" for each in ids.missing]
            if ids.missing:
                writing.append(partial(replace, path, data))
    for write in () if check else writing:
        write()
    for each in missing:
        click.echo(printable(each))
    if check and missing:
        raise click.ClickException(f"{len(missing)} missing: run arora id")


def _directory_of_record(path: Path) -> Path | None:
    absolute = path.absolute()
    return path.parent.parent if path.is_file() and absolute.parent.name in ("structure", "enumeration") else None
