"""``arora stubs``."""

from __future__ import annotations

from pathlib import Path

import click

from ..header import Header
from .module_file import HEADER, RECORDS
from .records import read_records


@click.command("stubs", short_help="Write a module's types for editors and type checkers.")
@click.argument("path", type=HEADER, metavar="module.yaml")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="The file to write, such as ur5.pyi.")
@click.option("--include", "records", type=RECORDS, multiple=True, metavar="RECORDS", help="A directory of records.")
def command(path: Path, output: Path | None, records: tuple[Path, ...]) -> None:
    """Write the types of what Engine.load returns for a module, as a .pyi file: to stdout, or to --output.

    For programs that load the module without a generated client:

    \b
        if TYPE_CHECKING:
            from ur5 import Ur5
        arm = cast("Ur5", engine.load("module.yaml"))
    """
    from ..authoring import generated_files
    from ..authoring.python_language import StubGenerator

    header = Header.load(path, read_records(records))
    if output is None:
        click.echo(next(iter(generated_files.texts(StubGenerator(), header).values())), nl=False)
        return
    for file in generated_files.write(StubGenerator(output.name), header, output.parent).files:
        click.echo(str(file))
