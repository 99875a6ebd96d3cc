"""The JSON Schema of numbers as text (ABI §9)."""

from __future__ import annotations

from .kinds import NUMBERS, Kind


def numbers() -> dict[str, object]:
    """Return the schema of each number and of each array of numbers, by its tag. Floats are a ``#/$defs/float``."""
    one = {kind.name: _number(kind) for kind in NUMBERS}
    many = {kind.array_tag: {"type": "array", "items": _number(kind)} for kind in NUMBERS}
    return {**one, **many}


def _number(kind: Kind) -> dict[str, object]:
    if kind.is_float:
        return {"$ref": "#/$defs/float"}
    return {"type": "integer", "minimum": kind.low, "maximum": kind.high}
