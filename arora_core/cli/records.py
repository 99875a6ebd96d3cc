"""The type records that ``--include`` adds."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from .. import records
from ..types.registry import TypeRegistry


def read_records(directories: Iterable[Path]) -> TypeRegistry:
    """Return the records of all directories. Each may refer to types of those before it. Raises HeaderError."""
    registry = TypeRegistry()
    for directory in directories:
        registry.update(records.load(directory, registry))
    return registry
