"""``arora inspect``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from ..errors import LoadError
from ..header import Header, executable_files
from ..header.used_types import used_types
from ..plugins import Plugins
from ..runtime import selection
from .diagnostics import without_warnings_of_plugins
from .loading import header_at
from .module_description import describe, facts
from .module_file import HEADER, RECORDS
from .printing import echo_json
from .records import read_records
from .session import Session, pass_session
from .signatures import signature, spelled_out
from .terminal import indented, one_line


@dataclass(frozen=True)
class Suitability:
    """Whether an executor can run the module. ``reason`` says why not; ``chosen`` marks the default."""

    name: str
    reason: str | None
    chosen: bool


@click.command("inspect", short_help="Show a module's functions, types and executors.")
@click.argument("module", type=HEADER)
@click.option(
    "--include",
    "includes",
    multiple=True,
    type=RECORDS,
    metavar="RECORDS_DIR",
    help="Read type records from this directory as well as from the records beside the header. Repeatable.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with the ids of everything.")
@pass_session
def command(session: Session, module: Path, includes: Sequence[Path], as_json: bool) -> None:
    """Show a module's exports, imports and types, and the executors that can run it.

    MODULE is its header, a module.yaml.
    """
    header = header_at(module, read_records(includes))
    plugins = session.plugins
    executable, missing = _executable(module, header, plugins)
    with without_warnings_of_plugins():
        suitable = _suitability(plugins, header)
    if as_json:
        echo_json(
            {
                **describe(header),
                "executable": None if executable is None else str(executable),
                "executors": [
                    {
                        "name": each.name,
                        "can_run": each.reason is None,
                        "reason": each.reason,
                        "chosen": each.chosen,
                    }
                    for each in suitable
                ],
            }
        )
        return
    _print_header(header, missing if executable is None else f"{executable} ({_size(executable)})")
    _print_section("exports", [signature(each, header.types) for each in header.exports])
    records = used_types([*header.exports, *header.imports], header.types)
    _print_section("types", [line for each in records for line in spelled_out(each, header.types)])
    _print_section("imports", _imports(header))
    _print_section("executors", [_suited(each) for each in suitable] or ["none are installed"])


def _executable(module: Path, header: Header, plugins: Plugins) -> tuple[Path | None, str]:
    try:
        return executable_files.find(module, header, suffixes=plugins.suffixes(header.executor.name)), ""
    except LoadError as error:
        return None, f"none; {error.message}"


def _suitability(plugins: Plugins, header: Header) -> list[Suitability]:
    installed = dict(plugins.executors)
    reasons = {name: selection.obstacle(installed[name], header) for name in sorted(installed)}
    try:
        chosen = selection.choose(plugins, header).name
    except LoadError:
        chosen = None
    found = [Suitability(name, reason, name == chosen) for name, reason in reasons.items()]
    return sorted(found, key=lambda each: (not each.chosen, each.reason is not None))


def _suited(each: Suitability) -> str:
    if each.reason is not None:
        return f"{each.name}: cannot run it: {each.reason}"
    return f"{each.name}: {'runs it' if each.chosen else 'could run it'}"


def _imports(header: Header) -> list[str]:
    names = {module.id: module.name for module in header.types.modules()}
    prefixes = [f"{names[each.module]}." if each.module in names else "" for each in header.imports]
    return [
        f"{prefix}{signature(each, header.types)}  (module {each.module})"
        for prefix, each in zip(prefixes, header.imports, strict=True)
    ]


def _print_header(header: Header, executable: str) -> None:
    click.echo(f"{click.style(one_line(header.name), bold=True)} {header.version}")
    if header.description:
        click.echo(indented(header.description))
    click.echo()
    for name, fact in {**facts(header), "executable": executable}.items():
        click.echo(f"{name:<11} {one_line(fact)}")


def _print_section(title: str, lines: Sequence[str]) -> None:
    if lines:
        click.echo(f"\n{click.style(title, bold=True)}")
        for line in lines:
            click.echo(f"  {one_line(line)}")


def _size(path: Path) -> str:
    size = path.stat().st_size
    return (
        f"{size} bytes"
        if size < 1024
        else f"{size / 1024:.1f} KiB"
        if size < 1 << 20
        else f"{size / (1 << 20):.1f} MiB"
    )
