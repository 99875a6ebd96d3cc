"""The parts a buffer is made of, and the runs of them that one ``struct.Struct`` reads or writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Union


@dataclass(frozen=True)
class Constant:
    """Bytes that are the same in every call."""

    data: bytes


@dataclass(frozen=True)
class Fixed:
    """A value of fixed size: its ``struct`` code and size, and the variable that holds it."""

    code: str
    size: int
    name: str


Part = Union[Constant, Fixed]


@dataclass(frozen=True)
class Run:
    """Parts back to back: the format of their Struct, and one entry a field of it."""

    format: str
    fields: tuple[Part, ...]
    size: int


def run_of(parts: list[Part]) -> Run:
    """The run of these parts, neighbouring constants made one."""
    fields: list[Part] = []
    for part in parts:
        last = fields[-1] if fields else None
        if isinstance(part, Constant) and isinstance(last, Constant):
            fields[-1] = Constant(last.data + part.data)
        else:
            fields.append(part)
    codes = [f"{len(part.data)}s" if isinstance(part, Constant) else part.code for part in fields]
    size = sum(len(part.data) if isinstance(part, Constant) else part.size for part in fields)
    return Run("<" + "".join(codes), tuple(fields), size)
