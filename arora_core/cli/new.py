"""``arora new``: writes the start of a plugin."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import click

_TEMPLATE: Final = Path(__file__).parent / "templates" / "executor"
_NAME_THERE: Final = "mine"
"""The executor's name in the template."""
_FILES: Final = (
    "pyproject.toml",
    "README.md",
    "arora_mine/__init__.py",
    "arora_mine/executor.py",
    "arora_mine/instance.py",
    "arora_mine/py.typed",
    "tests/test_conformance.py",
)
_NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_TAKEN: Final = {"core": "arora-core is Arora itself", "host": "host modules have this executor name"}


def executor_tree(name: str) -> dict[str, str]:
    """Return the files of a distribution with an executor of that name, by path with forward slashes."""
    words = {
        _NAME_THERE: name,
        f"arora-{_NAME_THERE}": f"arora-{name}",
        f"arora_{_NAME_THERE}": f"arora_{name.replace('-', '_')}",
        _NAME_THERE.capitalize(): "".join(part.capitalize() for part in name.split("-")),
    }
    pattern = re.compile(rf"arora[-_]{_NAME_THERE}|{_NAME_THERE.capitalize()}|\b{_NAME_THERE}\b")

    def renamed(text: str) -> str:
        return pattern.sub(lambda match: words[match[0]], text)

    return {renamed(path): renamed((_TEMPLATE / path).read_text(encoding="utf-8")) for path in _FILES}


def _valid_name(context: click.Context, parameter: click.Parameter, name: str) -> str:
    if not _NAME.fullmatch(name):
        raise click.BadParameter(
            f"{name!r} is not a valid executor name: use lower-case words of a-z and 0-9, joined by '-'"
        )
    if name in _TAKEN:
        raise click.BadParameter(f"{name!r} is taken: {_TAKEN[name]}")
    return name


@click.group("new", short_help="Start a plugin.")
def command() -> None:
    """Write the start of a plugin."""


@command.command("executor", short_help="Write the distribution of an executor.")
@click.argument("name", callback=_valid_name)
@click.option(
    "--directory",
    type=click.Path(path_type=Path),
    help="Where to write it; it must not exist, or be empty (default: arora-NAME).",
)
def executor(name: str, directory: Path | None) -> None:
    """Write the distribution of an executor called NAME, complete and working.

    It runs WebAssembly modules on wasmtime's public Python interface, and passes the conformance suite: put your
    runtime in wasmtime's place, one call after the other, and the suite reports what does not work yet.
    """
    place = Path(f"arora-{name}") if directory is None else directory
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise click.BadParameter(f"{place} exists already; nothing was written", param_hint="--directory")
    for path, text in executor_tree(name).items():
        file = place / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")
        click.echo(str(file))
    click.echo(f"Next: cd {place}; pip install -e '.[test]'; pytest", err=True)
