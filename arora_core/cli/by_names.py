"""The short form of ``arora call``: a module, a function and its arguments by name."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click

from ..binding.python_names import NameTable
from ..calls import Result
from ..documents.places import suggestion
from ..errors import ArgumentError
from ..executor import Limits
from ..header import ExportedFunction, Header
from ..runtime.engine import Engine
from ..types.references import UNIT, ScalarRef
from ..types.registry import TypeRegistry
from .input_values import assignments, written
from .loading import load, read_header
from .module_file import ModuleFile
from .prepared_call import PreparedCall
from .typed_values import plain, read


def prepare(
    engine: Engine,
    module: ModuleFile,
    function: str | None,
    arguments: Sequence[str],
    *,
    executable: Path | None,
    limits: Limits,
) -> PreparedCall:
    """Load the module and read the arguments by their declared types.

    Raises UsageError for a function or a parameter that the header does not declare, and what loading raises.
    """
    given = assignments(arguments)
    header = read_header(engine, module)
    types = engine.types.merged(header.types)
    export = _export(header, function)
    values = {name: _value(header, export, types, name, text) for name, text in given.items()}
    loaded = load(engine, module, header, limits, executable=executable)
    return PreparedCall(
        partial(loaded[export.name], **values),
        partial(_answer, export, types),
        returns_nothing=export.ret == ScalarRef(UNIT) and not any(each.mutable for each in export.parameters),
    )


def _export(header: Header, name: str | None) -> ExportedFunction:
    known = {each.name: each for each in header.exports}
    if name is None:
        raise click.UsageError(f"Missing argument 'FUNCTION': {header.name} has {', '.join(known) or 'none'}")
    if name not in known:
        raise click.UsageError(f"{header.name} has no function {name!r}{suggestion(name, known)}")
    return known[name]


def _value(header: Header, export: ExportedFunction, types: TypeRegistry, name: str, text: str) -> object:
    names = [each.name for each in export.parameters]
    index = NameTable(names).index_of.get(name)
    place = f"{header.name}.{export.name}"
    if index is None:
        hint = suggestion(name, names) or " (it takes none)"
        raise click.UsageError(f"{place} has no parameter {name!r}{hint}")
    try:
        return read(written(text, name), export.parameters[index].type, types, name)
    except ArgumentError as error:
        error.parameter = name
        raise error.at(module=header.name, function=export.name) from None


def _answer(export: ExportedFunction, types: TypeRegistry, answer: Any) -> object:
    if not isinstance(answer, Result):
        return plain(answer, export.ret, types)
    declared = {each.name: each.type for each in export.parameters}
    mutated = {name: plain(value, declared[name], types) for name, value in answer.mutated.items()}
    return {"ret": plain(answer.ret, export.ret, types), "mutated": mutated}
