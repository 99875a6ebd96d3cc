"""``arora build``."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from ..authoring import building
from ..authoring.compilers import NATIVE, TARGETS, WASM, BuildError
from ..authoring.languages import generator
from ..authoring.project import Project, project_at
from ..errors import AroraError, ExecutorNotFound, ExecutorUnavailable
from ..runtime.engine import Engine
from .failure import Failure
from .module_file import RECORDS
from .records import read_records
from .session import Session, pass_session

_FIRST_LOOK: Final = 100
"""Milliseconds after which a watch tells that nothing has changed."""


@dataclass(frozen=True)
class _Options:
    """What to build, and how."""

    target: str
    compiler_options: building.CompilerOptions
    locked: bool
    records: tuple[Path, ...]


@click.command("build", short_help="Compile a module from its header and sources.")
@click.argument("path", type=click.Path(exists=True, path_type=Path), default=".", metavar="[DIRECTORY]")
@click.option("--target", type=click.Choice([*TARGETS, "all"]), default="all", help="What to build (default: all).")
@click.option("--cc", "compiler", metavar="COMMAND", help="The compiler of C or C++ (default: the first one found).")
@click.option("--freestanding", is_flag=True, help="WebAssembly without a C library: smaller, and without WASI.")
@click.option("--flag", "flags", multiple=True, metavar="FLAG", help="A flag for the compiler, such as --flag=-O3.")
@click.option("--include", "records", type=RECORDS, multiple=True, metavar="RECORDS", help="A directory of records.")
@click.option("--locked", is_flag=True, help="Fail if generated files are not up to date, instead of writing them.")
@click.option("--watch", is_flag=True, help="Build and load again whenever a source, the header or a record changes.")
@click.option("--then", metavar="COMMAND", help="With --watch: a shell command to run after each build.")
@pass_session
def command(
    session: Session,
    path: Path,
    target: str,
    compiler: str | None,
    freestanding: bool,
    flags: tuple[str, ...],
    records: tuple[Path, ...],
    locked: bool,
    watch: bool,
    then: str | None,
) -> None:
    """Build the module in DIRECTORY (default: this one): generate, compile, check.

    The language is that of the sources, here or in src: C, C++, Rust where there is a Cargo.toml, or Python where there
    are no others. The module for WebAssembly is written beside the header, the one for this platform to the directory
    native; a module in Python is a component for WebAssembly alone. Prints the paths of what was built.
    """
    if then is not None and not watch:
        raise click.UsageError("--then goes with --watch")
    options = _Options(target, building.CompilerOptions(compiler, not freestanding, flags), locked, records)
    if watch:
        _watch(session, path, options, then)
    else:
        _build(session, project_at(path), options)


def _build(session: Session, project: Project, options: _Options) -> None:
    targets = building.targets_of(options.target, project)
    language = generator(project.generator, session.plugins)
    header = project.header(read_records(options.records))
    for target in targets:
        building.require_buildable(project, header, target, options.compiler_options)
    written = building.generate(project, language, header, locked=options.locked)
    if written.changed:
        files = "1 file" if len(written.changed) == 1 else f"{len(written.changed)} files"
        click.echo(f"generated {files} in {project.generated}", err=True)
    for target in targets:
        started = time.monotonic()
        with _progress(f"compiling {header.name} for {target}"):
            built = building.build(project, header, written.files, target, options.compiler_options)
        if built.said:
            click.echo(built.said, err=True)
        size, took = built.path.stat().st_size, time.monotonic() - started
        click.echo(f"{target}: {size:,} bytes by {built.compiler} in {took:.1f} s", err=True)
        click.echo(str(built.path))


def _watch(session: Session, path: Path, options: _Options, then: str | None) -> None:
    try:
        from watchfiles import watch
    except ImportError:
        raise BuildError("--watch needs watchfiles: pip install 'arora-core[authoring]'") from None
    project = project_at(path)
    changes = watch(
        project.directory,
        watch_filter=lambda _, changed: project.is_input(Path(changed)),
        rust_timeout=_FIRST_LOOK,
        yield_on_timeout=True,
    )
    with Engine() as engine:
        # Nothing has changed by the first look; from then on no change is missed, whenever it is made.
        next(changes)
        _rebuild(session, engine, path, options, then)
        click.echo(f"watching {project.directory}; Ctrl-C ends it", err=True)
        for changed in filter(None, changes):
            click.echo(f"changed: {', '.join(sorted({Path(each).name for _, each in changed}))}", err=True)
            _rebuild(session, engine, path, options, then)


def _rebuild(session: Session, engine: Engine, path: Path, options: _Options, then: str | None) -> None:
    """Build, load what was built in place of the last, run the user's command. A failure may be mended next time."""
    try:
        project = project_at(path)
        _build(session, project, options)
        for target in building.targets_of(options.target, project):
            _reload(engine, project, target)
    except (AroraError, OSError) as error:
        Failure(error, trace=session.traceback).show()
    else:
        if then is not None:
            subprocess.run(then, shell=True, check=False)


def _reload(engine: Engine, project: Project, target: str) -> None:
    header = project.header_path if target == WASM else project.directory / NATIVE / project.header_path.name
    try:
        module = engine.load(header, replace=True)
    except (ExecutorNotFound, ExecutorUnavailable) as error:
        click.echo(f"{target}: not loaded: {error}", err=True)
    else:
        signatures = ", ".join(each.signature for each in module.functions.values())
        click.echo(f"{target}: loaded on {module.executor}: {signatures}", err=True)


@contextmanager
def _progress(what: str) -> Iterator[None]:
    """Show on stderr, where it is a terminal, that something takes time."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(what):
        yield
