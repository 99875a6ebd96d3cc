"""``arora conformance``."""

from __future__ import annotations

import importlib.util
import shutil
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from .session import Session, pass_session
from .terminal import printable

if TYPE_CHECKING:
    from ..conformance.checking import Check
    from ..conformance.results import CheckResult, Results

_EXTRA: Final = ("pytest", "hypothesis")


@click.command("conformance", short_help="Check that an executor does what it should.")
@click.argument("executor")
@click.option("--area", "areas", metavar="AREA", multiple=True, help="Check only this area; may be repeated.")
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a report there: a page (.html) or data (.json).",
)
@pass_session
def command(session: Session, executor: str, areas: tuple[str, ...], report: Path | None) -> None:
    """Check that the installed EXECUTOR does what Arora promises of it.

    What an executor does not declare is skipped, after a look at whether it is refused. Exits with 1 when a check
    fails. An executor without traps runs guests in this process: one that is wrong may end it.
    """
    missing = [name for name in _EXTRA if importlib.util.find_spec(name) is None]
    if missing:
        raise click.UsageError(f"{' and '.join(missing)} missing: pip install 'arora-core[conformance]'")
    from ..conformance import report as reports
    from ..conformance.checking import AREAS, checks
    from ..conformance.compiling import CompilerNotFound
    from ..conformance.running import run_checks

    for area in areas:
        if area not in AREAS:
            raise click.BadParameter(f"{area!r} is none of {', '.join(AREAS)}", param_hint="--area")
    if report is not None and report.suffix not in (".html", ".json"):
        raise click.BadParameter(f"{report.name!r} ends neither in .html nor in .json", param_hint="--report")
    progress = _Progress(checks(areas or None))
    try:
        results = run_checks(session.plugins.executor(executor), areas or None, progress=progress)
    except CompilerNotFound as error:
        raise click.ClickException(str(error)) from None
    finally:
        progress.clear()
    _print(results)
    if report is not None:
        reports.write_report(results, report)
    click.echo(printable(f"{results.executor}: {reports.verdict(results)}"))
    if results.failed:
        raise click.exceptions.Exit(1)


class _Progress:
    """One line on stderr that says which check is running, where stderr is a terminal; failures as they come."""

    def __init__(self, found: Sequence[Check]) -> None:
        self._shown = sys.stderr.isatty()
        self._checks = found
        self._done = 0
        self._show()

    def __call__(self, result: CheckResult) -> None:
        self._done += 1
        if result.outcome.value == "failed":
            self.clear()
            message = textwrap.indent(result.message, "  ")
            click.echo(printable(f"FAILED {result.check.area}: {result.check.name}\n{message}"), err=True)
        self._show()

    def clear(self) -> None:
        if self._shown:
            click.echo("\r\x1b[K", nl=False, err=True)

    def _show(self) -> None:
        if self._shown and self._done < len(self._checks):
            check = self._checks[self._done]
            line = f"{self._done + 1}/{len(self._checks)} {check.area}: {check.name}"
            # A line that wraps could not be taken back.
            most = shutil.get_terminal_size().columns - 1
            click.echo(f"\r\x1b[K{line if len(line) <= most else line[: most - 1] + '…'}", nl=False, err=True)


def _print(results: Results) -> None:
    from ..conformance.report import counted, reasons

    rows = {**results.by_area, "all": results.results}
    click.echo(f"{'area':12} {'passed':>6} {'failed':>6} {'skipped':>7}")
    for area, found in rows.items():
        passed, failed, skipped = (str(number or "-") for number in counted(found))
        click.echo(f"{area:12} {passed:>6} {failed:>6} {skipped:>7}")
    for reason, count in reasons(results):
        click.echo(printable(f"{count:4} skipped: {reason}"))
