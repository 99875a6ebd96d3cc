"""``arora executors``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import click

from ..errors import PluginError
from ..plugins import FailedPlugin, InstalledExecutor, Origin, Plugins, UnknownHook
from .diagnostics import without_warnings_of_plugins
from .printing import echo_json
from .session import Session
from .terminal import indented, one_line

_WIDTH_WHEN_PIPED: Final = 160


@dataclass(frozen=True)
class ExecutorStatus:
    """One row of the list. ``reason`` says why the executor cannot run here, and is None when it can."""

    name: str
    serves: list[str]
    runtime_version: str | None
    distribution: str
    distribution_version: str
    capabilities: list[str]
    priority: int
    available: bool
    reason: str | None


@click.command("executors", short_help="List the installed executors.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    """List the installed executors: what each runs and can enforce, and whether it can run here.

    Disabled plugins are listed with the reason, and functions of plugins that look like hooks and are none.
    """
    with without_warnings_of_plugins():
        plugins = context.ensure_object(Session).plugins
        statuses = statuses_of(plugins)
        _ask_for_commands(context)
    if as_json:
        echo_json(
            {
                "executors": [asdict(each) for each in statuses],
                "failed": [_failed(each) for each in plugins.failed],
                "unknown_hooks": [_unknown_hook(each) for each in plugins.unknown_hooks],
            }
        )
    elif not statuses and not plugins.failed:
        click.echo("No executors are installed. pip install one: arora-wasmtime, arora-wasmer, arora-native, …")
    else:
        # A disabled executor has a row of its own.
        _print_table(statuses, [each for each in plugins.failed if each.executor is None])
    if not as_json:
        for hook in plugins.unknown_hooks:
            click.echo(f"\n{indented(str(hook))}")


def _ask_for_commands(context: click.Context) -> None:
    """Have the group ask every plugin for its commands, so that those that fail are known."""
    root = context.find_root()
    if isinstance(root.command, click.Group):
        root.command.list_commands(root)


def statuses_of(plugins: Plugins) -> list[ExecutorStatus]:
    """Return the status of every installed executor, in order of their names."""
    installed = dict(plugins.executors)
    return [_status(installed[name]) for name in sorted(installed)]


def _status(installed: InstalledExecutor) -> ExecutorStatus:
    origin, reason, version = installed.origin, installed.unavailable(), None
    try:
        version = installed.version()
    except PluginError as error:
        reason = reason or error.message
    return ExecutorStatus(
        name=installed.name,
        serves=sorted(installed.serves),
        runtime_version=version,
        distribution=origin.distribution,
        distribution_version=origin.version,
        capabilities=sorted(each.value for each in installed.capabilities),
        priority=installed.priority,
        available=reason is None,
        reason=reason,
    )


def _failed(plugin: FailedPlugin) -> dict[str, str | None]:
    return {**_origin(plugin.origin), "executor": plugin.executor, "reason": plugin.reason}


def _unknown_hook(hook: UnknownHook) -> dict[str, str]:
    return {**_origin(hook.origin), "name": hook.name, "advice": hook.advice}


def _origin(origin: Origin) -> dict[str, str]:
    return {
        "entry_point": origin.entry_point,
        "distribution": origin.distribution,
        "distribution_version": origin.version,
    }


def _print_table(statuses: Sequence[ExecutorStatus], failed: Sequence[FailedPlugin]) -> None:
    """Print one row each, and the reasons, too long for a column, below the table."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for heading in ("name", "serves", "runtime", "distribution", "capabilities", "available"):
        table.add_column(heading, no_wrap=heading in ("name", "runtime", "available"), overflow="fold")
    for each in statuses:
        table.add_row(
            *_cells(
                each.name,
                ", ".join(each.serves),
                each.runtime_version or "-",
                f"{each.distribution} {each.distribution_version}",
                ", ".join(each.capabilities) or "-",
                "yes" if each.available else "no",
            )
        )
    for plugin in failed:
        table.add_row(*_cells(plugin.origin.entry_point, "-", "-", str(plugin.origin), "-", "disabled"))
    console = _console()
    with console.capture() as rendered:
        console.print(table)
    # Rich handles a closed pipe by ending the process; click does not.
    click.echo("\n".join(line.rstrip() for line in rendered.get().splitlines()))
    reasons = [(each.name, each.reason) for each in statuses if each.reason is not None]
    reasons += [(plugin.origin.entry_point, plugin.reason) for plugin in failed]
    for name, reason in reasons:
        click.echo(f"\n{one_line(name)}: {indented(reason)}")


def _cells(*texts: str) -> Sequence[Any]:
    from rich.text import Text

    # As Text, because rich would interpret brackets in a reason as markup.
    return [Text(one_line(text)) for text in texts]


def _console() -> Any:
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else _WIDTH_WHEN_PIPED, highlight=False)
