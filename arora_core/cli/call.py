"""``arora call``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from .. import values as v
from ..limits import Limits
from ..runtime.engine import Engine
from . import by_ids, by_names
from .input_values import tagged_value
from .interrupt import interruptible
from .limit_options import limit_options
from .loading import load, read_header
from .module_file import FILE, HEADER, RECORDS, ModuleFile, module_file
from .prepared_call import PreparedCall
from .printing import echo_json, echo_yaml
from .records import read_records
from .repetition import progress, repeated, statistics
from .session import Session, pass_session

HELP = """Call a function of a module and print what it returns, as YAML.

\b
    arora call MODULE FUNCTION [NAME=VALUE]...
    arora call --header HEADER [--exe FILE] ... --call CALL

MODULE is a header, a module.yaml. Each VALUE is YAML and is checked against the declared type: numbers, lists
such as [0, -1.57], a structure as a mapping of its fields, an enumeration as a variant's name or {name: payload}.
Text needs no quotes, except to start with a quote or an @. NAME=@FILE reads the value from a file, NAME=@- from
stdin. A value of no declared type is given with its tag, such as {f64: 0.5}.

The second form loads any number of headers and makes a generic call, {module_id, id, args: [{id, value}]} with
tagged values; it prints the whole result, {ret, mutated}, in the same form.

\b
    arora call examples/ur5/module.yaml forward joints='[0, -1.57, 1.57, 0, 1.57, 0]'
    arora call examples/watchdog/module.yaml check joints='[0, 0, 0, 0, 0, 0]' reach=1 \\
        --callable '{f64: 0.8}' --with examples/ur5/module.yaml@wasmtime
"""


@click.command("call", help=HELP, short_help="Call a function of a module.")
@click.argument("module", metavar="MODULE", type=module_file, required=False, shell_complete=HEADER.shell_complete)
@click.argument("function", metavar="FUNCTION", required=False)
@click.argument("arguments", nargs=-1, metavar="[NAME=VALUE]...")
@click.option("--executor", metavar="NAME", help="Run on this executor; see arora executors for their names.")
@click.option(
    "--exe",
    "executables",
    multiple=True,
    type=FILE,
    metavar="FILE",
    help="The executable, where it is not the one beside the header. Repeatable, one for each --header.",
)
@click.option(
    "--with",
    "others",
    multiple=True,
    type=module_file,
    shell_complete=HEADER.shell_complete,
    metavar="MODULE[@EXECUTOR]",
    help="Load this module too, for the one called to dispatch to; on that executor, where one is named. Repeatable.",
)
@click.option(
    "--callable",
    "callables",
    multiple=True,
    type=tagged_value,
    metavar="VALUE",
    help="Let modules call something that answers this value, such as {f64: 0.8}. Repeatable; their ids are 1, 2, ….",
)
@click.option(
    "--include",
    "includes",
    multiple=True,
    type=RECORDS,
    metavar="RECORDS_DIR",
    help="Read type records from this directory as well as from the records beside each header. Repeatable.",
)
@limit_options
@click.option(
    "--header",
    "headers",
    multiple=True,
    type=module_file,
    shell_complete=HEADER.shell_complete,
    metavar="HEADER[@EXECUTOR]",
    help="Load this module, on that executor where one is named. Repeatable, and together with --call.",
)
@click.option(
    "--call", "generic", metavar="CALL", help="The generic call to make: YAML or JSON, @FILE, or @- for stdin."
)
@click.option(
    "--repeat", type=click.IntRange(min=1), metavar="N", help="Call N times, and print what the last returned."
)
@click.option(
    "--benchmark",
    is_flag=True,
    help="Print the time a call takes, to stderr. Without --repeat, it is called for about a second.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON. NaN and the infinities are text there.")
@pass_session
def command(
    session: Session,
    module: ModuleFile | None,
    function: str | None,
    arguments: Sequence[str],
    executor: str | None,
    executables: Sequence[Path],
    others: Sequence[ModuleFile],
    callables: Sequence[v.Value],
    includes: Sequence[Path],
    limits: Limits,
    headers: Sequence[ModuleFile],
    generic: str | None,
    repeat: int | None,
    benchmark: bool,
    as_json: bool,
) -> None:
    _check_form(module, executables, headers, generic)
    with interruptible(), _engine(session, includes, executor, callables) as engine:
        for other in others:
            load(engine, other, read_header(engine, other), limits)
        if module is not None:
            prepared = by_names.prepare(
                engine,
                _on(module, executor),
                function,
                arguments,
                executable=executables[0] if executables else None,
                limits=limits,
            )
        else:
            on = [_on(each, executor) for each in headers]
            prepared = by_ids.prepare(engine, on, executables, generic or "", limits=limits)
        answer = _run(prepared, repeat, benchmark)
        _print(prepared, answer, as_json)


def _check_form(
    module: ModuleFile | None, executables: Sequence[Path], headers: Sequence[ModuleFile], generic: str | None
) -> None:
    """Refuses what is neither of the two forms, or both."""
    if module is not None and (headers or generic is not None):
        raise click.UsageError("give either MODULE and FUNCTION, or --header and --call")
    if module is not None and len(executables) > 1:
        raise click.UsageError("MODULE has one executable: give --exe once")
    if module is None and not headers and generic is None:
        raise click.UsageError("Missing argument 'MODULE'.")
    if module is None and not headers:
        raise click.UsageError("--call needs a --header")
    if module is None and generic is None:
        raise click.UsageError("--header needs a --call")


def _engine(session: Session, includes: Sequence[Path], executor: str | None, callables: Sequence[v.Value]) -> Engine:
    prefer = () if executor is None else (executor,)
    engine = Engine(prefer=prefer, types=read_records(includes), plugins=session.plugins)
    for value in callables:
        engine.register_callable(partial(_answer_with, value))
    return engine


def _answer_with(value: v.Value) -> v.Value:
    return value


def _on(module: ModuleFile, executor: str | None) -> ModuleFile:
    """The module, to run on ``executor`` unless it names one itself."""
    return replace(module, executor=module.executor or executor)


def _run(prepared: PreparedCall, repeat: int | None, benchmark: bool) -> Any:
    times = repeat if repeat is not None or benchmark else 1
    with progress(times) as report:
        answer, took = repeated(prepared.make, times, report)
    if benchmark:
        click.echo(statistics(took), err=True)
    return answer


def _print(prepared: PreparedCall, answer: Any, as_json: bool) -> None:
    data = prepared.to_data(answer)
    if as_json:
        echo_json(data)
    elif not prepared.returns_nothing:
        echo_yaml(data)
