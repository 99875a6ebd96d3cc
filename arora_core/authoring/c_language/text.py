"""The layout of C: comments, literals, and lists that take several lines."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

WIDTH: Final = 120
_LONGEST_NAME: Final = 255


def printable(text: str) -> str:
    """Return a name as it can stand in comments and messages: on one line, and of bounded length."""
    shown = "".join(each if each.isprintable() else "?" for each in text)
    return shown if len(shown) <= _LONGEST_NAME else f"{shown[:_LONGEST_NAME]}..."


def comment(text: str, indent: str = "") -> list[str]:
    """Return the lines of a comment."""
    safe = text.replace("*/", "* /").replace("/*", "/ *")
    if len(indent) + len(safe) + 6 <= WIDTH and "\n" not in safe:
        return [f"{indent}/* {safe} */"]
    lines = [
        line
        for part in safe.split("\n")
        for line in textwrap.wrap(part, WIDTH - len(indent) - 3, break_on_hyphens=False) or [""]
    ]
    return [f"{indent}/*", *(f"{indent} * {line}".rstrip() for line in lines), f"{indent} */"]


def literal(text: str) -> str:
    """Return a string literal."""
    escaped = printable(text).replace("\\", "\\\\").replace('"', '\\"').replace("??", "?\\?")
    return f'"{escaped}"'


def uuid(id: UUID) -> str:
    """Return the initializer of an ``arora_uuid``."""
    return "ARORA_UUID({})".format(", ".join(f"0x{group}" for group in str(id).split("-")))


def packed(head: str, items: Sequence[str], tail: str) -> list[str]:
    """Return ``head``, the items with commas between them, and ``tail``, with as many items a line as fit."""
    lines, line = [], head
    for index, item in enumerate(items):
        piece = item + (tail if index == len(items) - 1 else ",")
        first = line == head or line.isspace()
        if not first and len(line) + 1 + len(piece) > WIDTH:
            lines.append(line)
            line, first = " " * len(head), True
        line += piece if first else f" {piece}"
    lines.append(line if items else f"{head}{tail}")
    return lines


def assigned(head: str, function: str, items: Sequence[str]) -> list[str]:
    """Return the assignment of a call to ``head``, on one line if it fits."""
    line = f"{head} = {function}({', '.join(items)});"
    if len(line) <= WIDTH:
        return [line]
    indent = " " * (len(head) - len(head.lstrip()) + 4)
    aligned = [f"{head} =", *packed(f"{indent}{function}(", items, ");")]
    indented = [f"{head} = {function}(", *packed(indent, items, ");")]
    return indented if len(indented) < len(aligned) else aligned


def joined(blocks: Iterable[Sequence[str]]) -> str:
    """Return the text of blocks of lines, with an empty line between them."""
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"
