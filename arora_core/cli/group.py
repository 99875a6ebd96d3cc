"""The ``arora`` command group: its options, and its commands, imported when they are needed."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any, Final

import click

from ..documents.places import suggestion
from . import diagnostics
from .failure import reported
from .session import Session, pass_session
from .streams import flush_stdout

_COMMANDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "call": "call",
        "inspect": "inspection",
        "executors": "executors",
        "schema": "schema",
        "include-dir": "include_directory",
        "conformance": "conformance",
        "new": "new",
        "generate": "generate",
        "build": "build",
        "stubs": "stubs",
        "id": "ids",
        "freeze": "freeze",
        "records": "record_commands",
    }
)
"""Arora's own commands, each with the module of this package that defines it as ``command``."""

_ELSEWHERE: Final[Mapping[str, str]] = MappingProxyType({"web": "arora-browser"})
"""Documented commands of plugins, each with the distribution that provides it."""


class _Group(click.Group):
    """A group that includes plugins' commands, and reports every failure as a line and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        self._find_plugin_commands(ctx)
        return [*_COMMANDS, *sorted(self.commands)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in _COMMANDS:
            module = import_module(f".{_COMMANDS[cmd_name]}", __package__)
            command: click.Command = module.command
            return command
        self._find_plugin_commands(ctx)
        return super().get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if not name.startswith("-") and not ctx.resilient_parsing and self.get_command(ctx, name) is None:
            raise click.UsageError(f"No such command {name!r}{self._advice(ctx, name)}", ctx)
        return super().resolve_command(ctx, args)

    def _advice(self, ctx: click.Context, name: str) -> str:
        if name in _ELSEWHERE:
            return f". It comes with {_ELSEWHERE[name]}; arora executors shows whether that is installed."
        return suggestion(name, self.list_commands(ctx))

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        name = name or cmd.name
        if name in _COMMANDS or name in self.commands:
            raise ValueError(f"there is already a command {name!r}")
        super().add_command(cmd, name)

    def main(self, *args: Any, **kwargs: Any) -> Any:
        with diagnostics.to_stderr():
            return super().main(*args, **kwargs)

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        # Help and the version are printed while the command line is parsed.
        with reported(lambda: False):
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        with reported(lambda: ctx.ensure_object(Session).traceback):
            returned = super().invoke(ctx)
            flush_stdout()
            return returned

    def _find_plugin_commands(self, ctx: click.Context) -> None:
        session = ctx.ensure_object(Session)
        if ctx.meta.get(__name__) is None:
            ctx.meta[__name__] = session
            self.commands.clear()
            session.plugins.add_commands(self)


def _show_version(ctx: click.Context, option: click.Parameter, wanted: bool) -> None:
    if not wanted:
        return
    from importlib.metadata import version

    click.echo(f"arora {version('arora-core')}")
    ctx.exit()


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-v",
    "--verbose",
    count=True,
    help="-v: show guests' stdout (their stderr is always shown); -vv: debug log.",
)
@click.option("--traceback", is_flag=True, help="Show where in Python a failure happened.")
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version of arora-core and exit.",
)
@pass_session
def arora(session: Session, verbose: int, traceback: bool) -> None:
    """Run typed, sandboxed modules, WebAssembly or native, on whichever runtime is installed.

    Results go to stdout, everything else to stderr. The exit code is 0 for success, 1 when a module could not be
    loaded or a call failed, 2 for wrong usage and 130 after Ctrl-C.
    """
    session.traceback = traceback
    diagnostics.set_verbosity(verbose)
