"""``arora new``: writes the start of a module or a plugin."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click

from ..authoring.compilers import COMPONENT_LANGUAGES
from ..authoring.new_module import LANGUAGES, module_tree
from ..documents.places import suggestion

_TEMPLATES: Final = Path(__file__).parent / "templates"
_NAME_THERE: Final = "mine"
"""The plugin's name in the templates."""
_FILES: Final = {
    "executor": ("arora_mine/executor.py", "arora_mine/instance.py", "tests/test_conformance.py"),
    "codec": ("arora_mine/codec.py", "tests/test_conformance.py"),
    "command": ("arora_mine/command.py", "tests/test_command.py"),
}
"""The files of each kind of plugin, besides those that all have."""
_ALL_HAVE: Final = ("pyproject.toml", "README.md", "arora_mine/__init__.py", "arora_mine/py.typed")
_NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_TAKEN: Final = {
    "core": "arora-core is Arora itself",
    "host": "host modules have this executor name",
    "arora": "the default codec has this name",
}


def plugin_tree(kind: str, name: str) -> dict[str, str]:
    """Return the files of a distribution with an executor, codec or command of that name, by path with slashes."""
    words = {
        _NAME_THERE: name,
        f"arora-{_NAME_THERE}": f"arora-{name}",
        f"arora_{_NAME_THERE}": f"arora_{name.replace('-', '_')}",
        _NAME_THERE.capitalize(): "".join(part.capitalize() for part in name.split("-")),
    }
    pattern = re.compile(rf"arora[-_]{_NAME_THERE}|{_NAME_THERE.capitalize()}|\b{_NAME_THERE}\b")

    def renamed(text: str) -> str:
        return pattern.sub(lambda match: words[match[0]], text)

    files = sorted([*_ALL_HAVE, *_FILES[kind]])
    return {renamed(path): renamed((_TEMPLATES / kind / path).read_text(encoding="utf-8")) for path in files}


def _valid_name(context: click.Context, parameter: click.Parameter, name: str) -> str:
    if not _NAME.fullmatch(name):
        raise click.BadParameter(f"{name!r} is not a valid name: use lower-case words of a-z and 0-9, joined by '-'")
    if name in _TAKEN and context.info_name != "module":
        raise click.BadParameter(f"{name!r} is taken: {_TAKEN[name]}")
    arora = context.find_root().command
    if context.info_name == "command" and isinstance(arora, click.Group) and name in arora.list_commands(context):
        raise click.BadParameter(f"{name!r} is taken: there is already a command 'arora {name}'")
    return name


def _known_language(context: click.Context, parameter: click.Parameter, language: str | None) -> str:
    if language is None:
        # Click's own message would not name the languages.
        raise click.UsageError(f"Missing option '--language': {', '.join(LANGUAGES)}")
    if language not in LANGUAGES:
        raise click.BadParameter(f"no modules are started in {language!r}{suggestion(language, LANGUAGES)}")
    return language


@click.group("new", short_help="Start a module or a plugin.")
def command() -> None:
    """Write the start of a module or a plugin."""


_name = click.argument("name", callback=_valid_name)
_directory = click.option(
    "--directory",
    type=click.Path(path_type=Path),
    help="Where to write it; it must not exist, or be empty (default: arora-NAME).",
)


@command.command("executor", short_help="Write the distribution of an executor.")
@_name
@_directory
def executor(name: str, directory: Path | None) -> None:
    """Write the distribution of an executor called NAME, complete and working.

    It runs WebAssembly modules on wasmtime's public Python interface, and passes the conformance suite: put your
    runtime in wasmtime's place, one call after the other, and the suite reports what does not work yet.
    """
    _write_plugin("executor", name, directory)


@command.command("codec", short_help="Write the distribution of a codec.")
@_name
@_directory
def codec(name: str, directory: Path | None) -> None:
    """Write the distribution of a codec called NAME, complete and working.

    It leaves the work to the default codec, and passes the conformance suite: put your implementation in its place.
    """
    _write_plugin("codec", name, directory)


@command.command("command", short_help="Write the distribution of a command.")
@_name
@_directory
def command_(name: str, directory: Path | None) -> None:
    """Write the distribution of a command, arora NAME, complete and working."""
    _write_plugin("command", name, directory)


@command.command("module", short_help="Write the start of a module.")
@_name
@click.option("--language", metavar="LANGUAGE", callback=_known_language, help="c, cpp, rust or python.")
@click.option("--component", is_flag=True, help="In Rust: a WebAssembly component, as modules in Python always are.")
@click.option(
    "--directory",
    type=click.Path(path_type=Path),
    help="Where to write it; it must not exist, or be empty (default: NAME).",
)
def module(name: str, language: str, component: bool, directory: Path | None) -> None:
    """Write a module called NAME, with one working function and a test of it on every executor."""
    if component and language not in COMPONENT_LANGUAGES:
        raise click.UsageError("--component goes with --language rust")
    files = module_tree(name, language, component=component)
    _write(files, Path(name) if directory is None else directory, "arora build; pytest")


def _write_plugin(kind: str, name: str, directory: Path | None) -> None:
    place = Path(f"arora-{name}") if directory is None else directory
    _write(plugin_tree(kind, name), place, "pip install -e '.[test]'; pytest")


def _write(files: Mapping[str, str], place: Path, then: str) -> None:
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise click.BadParameter(f"{place} exists already; nothing was written", param_hint="--directory")
    for path, text in files.items():
        file = place / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")
        click.echo(str(file))
    click.echo(f"Next: cd {place}; {then}", err=True)
