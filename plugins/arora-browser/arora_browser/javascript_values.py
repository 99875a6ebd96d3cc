"""Plain data of JavaScript's from and to what typed calls take and return, by declared type."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from arora_core import values as v
from arora_core.binding.plain_data import from_result, read_scalar, to_argument
from arora_core.types import DYNAMIC, TypeRef, TypeRegistry


def parsed(written: str, buffers: Sequence[Any], mark: str) -> Any:
    """The data that ``arora.mjs`` wrote: JSON, in which ``{mark: index}`` stands for a typed array."""
    if not buffers:
        return json.loads(written)

    def restored(data: dict[str, Any]) -> Any:
        return buffers[data[mark]].to_memoryview() if len(data) == 1 and mark in data else data

    return json.loads(written, object_hook=restored)


def read(data: Any, type: TypeRef, registry: TypeRegistry) -> Any:
    """Return ``data`` as a typed call takes it. Raises ArgumentError for a dynamic value that is not one (ABI §9)."""
    return to_argument(data, type, registry, _scalar)


def _scalar(data: Any, id: UUID) -> Any:
    """A dynamic value may be null or undefined, which is unit."""
    if data is None:
        return v.Unit() if id in DYNAMIC else None
    return read_scalar(data, id)


def written(answer: Any, type: TypeRef, registry: TypeRegistry, null: object) -> Any:
    """Return what a typed call returned, made of what Pyodide turns into plain JavaScript: buffers into typed arrays.

    ``null`` stands for nothing.
    """
    return with_null(from_result(answer, type, registry), null)


def with_null(data: Any, null: object) -> Any:
    """Plain data in which ``null`` stands for every None."""
    if data is None:
        return null
    if isinstance(data, dict):
        return {key: with_null(each, null) for key, each in data.items()}
    return [with_null(each, null) for each in data] if isinstance(data, list) else data
