"""The parts of a buffer, and runs of parts that one ``struct.Struct`` reads or writes."""

from __future__ import annotations

from typing import NamedTuple, Union


class Constant(NamedTuple):
    """Bytes that are the same in every call."""

    data: bytes


class Fixed(NamedTuple):
    """A value of fixed size: its ``struct`` code and size, and the variable that holds it."""

    code: str
    size: int
    name: str


class Skipped(NamedTuple):
    """Bytes that a reader skips."""

    size: int


Part = Union[Constant, Fixed, Skipped]


class Run(NamedTuple):
    """Adjacent parts: the format of their Struct, its fields, and their size in bytes."""

    format: str
    fields: tuple[Union[Constant, Fixed], ...]
    size: int


def run_of(parts: list[Part]) -> Run:
    """Return the run of these parts, with adjacent constants merged."""
    merged: list[Part] = []
    for part in parts:
        last = merged[-1] if merged else None
        if isinstance(part, Constant) and isinstance(last, Constant):
            merged[-1] = Constant(last.data + part.data)
        else:
            merged.append(part)
    return Run(
        "<" + "".join(map(_code, merged)),
        tuple(part for part in merged if not isinstance(part, Skipped)),
        sum(map(_size, merged)),
    )


def _code(part: Part) -> str:
    if isinstance(part, Fixed):
        return part.code
    return f"{len(part.data)}s" if isinstance(part, Constant) else f"{part.size}x"


def _size(part: Part) -> int:
    return len(part.data) if isinstance(part, Constant) else part.size
