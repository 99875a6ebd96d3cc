"""The command ``arora web``."""

from __future__ import annotations

import os
import webbrowser
from pathlib import Path
from typing import Final

import click

_VARIABLE: Final = "ARORA_PYODIDE"
_INSTALLED: Final = Path("node_modules", "pyodide")
_NEEDED: Final = ("pyodide.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")


@click.command("web", short_help="Call modules from a page in the browser.")
@click.option(
    "--module",
    "modules",
    multiple=True,
    metavar="MODULE.YAML",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The header of a module to open the page with; repeatable. By default, an example.",
)
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="The port to serve on; 0 picks a free one.")
@click.option(
    "--pyodide",
    type=click.Path(file_okay=False, path_type=Path),
    help=f"The directory of the npm package pyodide; else ${_VARIABLE}, else ./{_INSTALLED.as_posix()}.",
)
@click.option("--no-browser", is_flag=True, help="Print the address without opening a browser.")
def web(modules: tuple[Path, ...], port: int, pyodide: Path | None, no_browser: bool) -> None:
    """Call modules from a page, on the WebAssembly of the browser that shows it.

    The page is served to this computer only, until Ctrl-C. It needs Pyodide, Python for browsers: npm install pyodide
    """
    from .web_server import SiteServer
    from .web_site import build_site

    site = build_site(modules, _pyodide_directory(pyodide))
    try:
        server = SiteServer(site, port)
    except OSError as error:
        raise click.ClickException(f"port {port}: {error.strerror}") from None
    with server:
        click.echo(f"Arora is at {server.url} until Ctrl-C")
        if not no_browser:
            webbrowser.open(server.url)
        server.serve_forever()


def _pyodide_directory(given: Path | None) -> Path:
    """Return the directory of Pyodide. Raises UsageError when it is not there."""
    named = os.environ.get(_VARIABLE)
    directory = given or (Path(named) if named else _INSTALLED)
    missing = [each for each in _NEEDED if not (directory / each).is_file()]
    if not missing:
        return directory
    if given is None and not named:
        raise click.UsageError(
            f"Pyodide is not in ./{_INSTALLED.as_posix()}: run npm install pyodide here, or give its directory with "
            f"--pyodide or {_VARIABLE}"
        )
    raise click.UsageError(
        f"{directory} is not the npm package pyodide: it has no {missing[0]}. Run npm install pyodide, and give its "
        f"directory node_modules/pyodide"
    )
