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


def _skipped(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    for each in given:
        if not all(each.partition("=")[::2]):
            raise click.BadParameter(f"{each!r} is not SENTENCE=REASON")
    return {sentence: reason for sentence, _, reason in (each.partition("=") for each in given)}


@click.command("conformance", short_help="Run the conformance suite on an executor.")
@click.argument("executor")
@click.option("--area", "areas", metavar="AREA", multiple=True, help="Check only this area; may be repeated.")
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a report there: a page (.html) or data (.json).",
)
@click.option("--examples", type=click.IntRange(1), help="Try this many generated inputs a check (default: 50).")
@click.option("--size", type=click.IntRange(1), help="Make no buffer larger than this many bytes (default: 5 MiB).")
@click.option(
    "--skip",
    metavar="SENTENCE=REASON",
    multiple=True,
    callback=_skipped,
    help="Leave out the check of this name, for this reason; may be repeated.",
)
@pass_session
def command(
    session: Session,
    executor: str,
    areas: tuple[str, ...],
    report: Path | None,
    examples: int | None,
    size: int | None,
    skip: dict[str, str],
) -> None:
    """Run the conformance suite on the installed EXECUTOR.

    Checks of capabilities that it does not declare are skipped, except that requesting them must be refused. Exits
    with 1 when a check fails. An executor without the capability 'traps' may crash this process when it is wrong.
    """
    missing = [name for name in _EXTRA if importlib.util.find_spec(name) is None]
    if missing:
        raise click.UsageError(f"{' and '.join(missing)} missing: pip install 'arora-core[conformance]'")
    from ..conformance import report as reports
    from ..conformance.checking import AREAS, checks
    from ..conformance.compiling import CompilerNotFound
    from ..conformance.running import known_names, run_checks
    from ..conformance.subject import EXAMPLES, SIZE

    for area in areas:
        if area not in AREAS:
            raise click.BadParameter(f"{area!r} is not one of {', '.join(AREAS)}", param_hint="--area")
    if report is not None and report.suffix not in (".html", ".json"):
        raise click.BadParameter(f"{report.name!r} must end in .html or .json", param_hint="--report")
    try:
        known_names(skip)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--skip") from None
    progress = _Progress(checks(areas or None))
    try:
        results = run_checks(
            session.plugins.executor(executor),
            areas or None,
            examples=examples or EXAMPLES,
            size=size or SIZE,
            skip=skip,
            progress=progress,
        )
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
    """Shows on stderr the running check where it is a terminal, else each area, and failures as they happen."""

    def __init__(self, found: Sequence[Check]) -> None:
        self._shown = sys.stderr.isatty()
        self._checks = found
        self._done = 0
        self._area = ""
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
        if self._done == len(self._checks):
            return
        check = self._checks[self._done]
        if not self._shown:
            self._show_area(check.area)
        else:
            line = f"{self._done + 1}/{len(self._checks)} {check.area}: {check.name}"
            # A line that wraps cannot be erased.
            most = shutil.get_terminal_size().columns - 1
            click.echo(f"\r\x1b[K{line if len(line) <= most else line[: most - 1] + '…'}", nl=False, err=True)

    def _show_area(self, area: str) -> None:
        """Show the area where it begins: without a terminal, a run of minutes would look as if it hung."""
        if area != self._area:
            self._area = area
            click.echo(f"{self._done + 1}/{len(self._checks)} {area}", err=True)


def _print(results: Results) -> None:
    from ..conformance.report import counted, reasons

    rows = {**results.by_area, "all": results.results}
    click.echo(f"{'area':12} {'passed':>6} {'failed':>6} {'skipped':>7}")
    for area, found in rows.items():
        passed, failed, skipped = (str(number or "-") for number in counted(found))
        click.echo(f"{area:12} {passed:>6} {failed:>6} {skipped:>7}")
    for reason, count in reasons(results):
        click.echo(printable(f"{count:4} skipped: {reason}"))
