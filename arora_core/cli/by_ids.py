"""The long form of ``arora call``: headers, executables and a generic call (ABI §9)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import click

from .. import text
from ..calls import Call
from ..errors import ArgumentError
from ..executor import Limits
from ..runtime.engine import Engine
from .input_values import parsed, written
from .loading import load, read_header
from .module_file import ModuleFile
from .prepared_call import PreparedCall


def prepare(
    engine: Engine,
    headers: Sequence[ModuleFile],
    executables: Sequence[Path],
    call: str,
    *,
    limits: Limits,
) -> PreparedCall:
    """Load the modules in order and read the call. Raises UsageError for an invalid call, and what loading raises."""
    if executables and len(executables) != len(headers):
        raise click.UsageError(
            f"{len(headers)} --header but {len(executables)} --exe: give one for each header, or none at all"
        )
    generic = _call(call)
    for index, file in enumerate(headers):
        executable = executables[index] if executables else None
        load(engine, file, read_header(engine, file), limits, executable=executable)
    return PreparedCall(partial(engine.call, generic), partial(text.result_to_data, floats=True))


def _call(given: str) -> Call:
    try:
        return text.call_from_data(parsed(written(given, "--call"), "--call"))
    except ArgumentError as error:
        raise click.UsageError(f"--call: {error.message}") from None
