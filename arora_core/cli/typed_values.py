"""Values between text and the typed call, by declared type."""

from __future__ import annotations

from array import array
from functools import partial
from typing import Any, Final
from uuid import UUID

from .. import text
from .. import values as v
from ..binding.plain_data import from_result, read_scalar, to_argument
from ..types.references import STR, TYPE_IDS, OptionRef, ScalarRef, TypeRef
from ..types.registry import TypeRegistry
from .input_values import parsed

_FLOATS: Final = frozenset(TYPE_IDS[cls.kind.name] for cls in v.FLOATS)


def read(written: str, type: TypeRef, registry: TypeRegistry, what: str) -> object:
    """Return the argument that ``written`` says.

    It is YAML, except that text needs no quotes, whatever it looks like. Raises UsageError for what is not YAML, and
    ArgumentError for a dynamic value that is not one (ABI §9).
    """
    if type == OptionRef(STR) and written in ("null", "~"):
        return None
    if type in (ScalarRef(STR), OptionRef(STR)):
        return parsed(written, what) if written[:1] in ("'", '"') else written
    return to_argument(parsed(written, what), type, registry, _scalar)


def _scalar(data: Any, id: UUID) -> Any:
    return _float(data) if id in _FLOATS else read_scalar(data, id)


def _float(data: object) -> object:
    """A float, also as JSON has to write those that are not finite: NaN, Infinity."""
    try:
        return float(data) if isinstance(data, str) else data
    except ValueError:
        return data


def plain(answer: Any, type: TypeRef, registry: TypeRegistry) -> object:
    """Return what a typed call returned as plain data for YAML and JSON."""
    return _listed(from_result(answer, type, registry, partial(text.to_data, floats=True)))


def _listed(data: Any) -> object:
    """The same data, with lists in place of buffers."""
    if isinstance(data, dict):
        return {key: _listed(each) for key, each in data.items()}
    if isinstance(data, list):
        return [_listed(each) for each in data]
    return list(data) if isinstance(data, (array, bytes)) else data
