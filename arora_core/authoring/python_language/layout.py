"""Lines of Python as ``ruff format`` lays them out: brackets on one line where they fit, else one item a line."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Union
from unicodedata import east_asian_width

WIDTH: Final = 88
"""Characters of a line, the formatters' default."""

_STEP: Final = "    "
_NOT_FINITE: Final = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


@dataclass(frozen=True)
class Group:
    """Items in brackets: ``head`` ends with the opening one, ``tail`` begins with the closing one."""

    head: str
    items: tuple[Part, ...]
    tail: Part = ")"
    spread: bool = False
    """Whether each item is on a line of its own even where all would fit on one."""


Part = Union[str, Group]


def lines(part: Part, indent: int = 0, after: str = "") -> Iterator[str]:
    """Yield the lines of a part, indented that many steps, with the text ``after`` behind it."""
    margin = _STEP * indent
    if isinstance(part, str):
        yield margin + part + after
    elif not part.items or (not _is_spread(part) and _width(margin + _flat(part) + after) <= WIDTH):
        yield margin + _flat(part) + after
    else:
        yield margin + part.head
        inner = ", ".join(map(_flat, part.items))
        if _is_call(part) and not _is_spread(part) and _width(margin + _STEP + inner) <= WIDTH:
            yield margin + _STEP + inner
        else:
            for item in part.items:
                yield from lines(item, indent + 1, ",")
        yield from lines(part.tail, indent, after)


def _width(text: str) -> int:
    """Return the columns that text takes: two for a wide character, such as a Chinese one."""
    return len(text) if text.isascii() else sum(2 if east_asian_width(each) in "WF" else 1 for each in text)


def _flat(part: Part) -> str:
    return part if isinstance(part, str) else f"{part.head}{', '.join(map(_flat, part.items))}{_flat(part.tail)}"


def _is_call(group: Group) -> bool:
    """Return whether the brackets follow a name: what they hold may be on one line of its own, as no literal's may."""
    return group.head[-2:-1].isalnum() or group.head[-2:-1] == "_"


def _is_spread(part: Part) -> bool:
    return isinstance(part, Group) and (part.spread or any(map(_is_spread, part.items)))


def literal(text: str) -> str:
    """Return a string literal, in the quotes that the formatter prefers."""
    quoted = repr(text)
    return f'"{quoted[1:-1]}"' if quoted[0] == "'" and '"' not in text else quoted


def data(head: str, plain: object, tail: str = "") -> Part:
    """Return plain data, as JSON has it, between two texts."""
    if isinstance(plain, dict):
        return Group(f"{head}{{", tuple(data(f"{literal(key)}: ", item) for key, item in plain.items()), f"}}{tail}")
    if isinstance(plain, list):
        return Group(f"{head}[", tuple(data("", item) for item in plain), f"]{tail}")
    if isinstance(plain, str):
        return f"{head}{literal(plain)}{tail}"
    if isinstance(plain, float):
        number = repr(plain).replace("e+", "e") if math.isfinite(plain) else literal(_NOT_FINITE[repr(plain)])
        return f"{head}{number}{tail}"
    return f"{head}{plain!r}{tail}"


def docstring(text: str, indent: int = 0) -> Iterator[str]:
    """Yield the lines of a docstring: paragraphs of ``text``, wrapped."""
    # Whatever could end the string early, or is no text at all, is replaced: authors of headers may write anything.
    safe = "".join(each if each.isprintable() or each == "\n" else " " for each in text)
    safe = safe.replace("\\", "\\\\").replace('"', "'")
    margin = _STEP * indent
    paragraphs = ["\n".join(textwrap.wrap(each, WIDTH - len(margin) - 6)) for each in safe.split("\n\n")]
    body = "\n\n".join(each for each in paragraphs if each).split("\n")
    if len(body) == 1:
        yield f'{margin}"""{body[0] or "..."}"""'
        return
    yield f'{margin}"""{body[0]}'
    for line in body[1:]:
        yield margin + line if line else ""
    yield f'{margin}"""'


def separated(blocks: Iterable[Iterable[str]], blank: int) -> list[str]:
    """Return the lines of blocks with that many blank lines between them."""
    together: list[str] = []
    for block in blocks:
        if together:
            together += [""] * blank
        together += block
    return together
