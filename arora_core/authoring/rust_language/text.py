"""Pieces of Rust source text, laid out as rustfmt would."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

_WIDTH: Final = 100
"""Columns of a line, rustfmt's default."""
_LONGEST_NAME: Final = 255
INDENT: Final = "    "


def indented(lines: Iterable[str]) -> list[str]:
    """Return the lines, those that are not empty indented by one level."""
    return [INDENT + each if each else each for each in lines]


def signature(start: str, parameters: Sequence[str], result: str, end: str, level: int) -> list[str]:
    """Return the head of a function, which ends in ``;`` or `` {``.

    It is on one line if it fits, otherwise with a line for each parameter or for the result.
    """
    head, end = f"{start}({', '.join(parameters)})", f"-> {result}{end}"
    width = level * len(INDENT) + len(head) + 1 + len(end)
    # rustfmt wants one column more before a semicolon, though it has room for the parameters without it.
    if (width == _WIDTH and end.endswith(";")) or (width > _WIDTH and not parameters):
        return [head, *indented([end])]
    if width <= _WIDTH:
        return [f"{head} {end}"]
    return [f"{start}(", *indented(f"{each}," for each in parameters), f") {end}"]


def quoted_name(name: str) -> str:
    """Return a name for a comment, as code: printable, on one line, and without quotes of code in it."""
    shown = "".join(each if each.isprintable() else "?" for each in name[:_LONGEST_NAME])
    return f"`{shown.replace('`', '?')}`"


def renamed(name: str, identifier: str) -> list[str]:
    """Return the comment of a member: its name in the records, if that is another one."""
    return [] if is_same(name, identifier) else [f"/// In the records: {quoted_name(name)}."]


def is_same(name: str, identifier: str) -> bool:
    """Return whether a name and its identifier differ in style at most."""
    return name.isidentifier() and _letters(name) == _letters(identifier.removeprefix("r#"))


def _letters(name: str) -> str:
    return name.replace("_", "").lower()


def labelled(identifier: str, name: str) -> str:
    """Return an identifier with the name that errors call it, if that is another one."""
    return identifier if identifier == name else f"{identifier} {string(name)}"


def comment(text: str) -> list[str]:
    """Return text as comment lines, each printable."""
    lines = [" ".join(each.split()) for each in text.strip().splitlines()]
    shown = ("".join(letter if letter.isprintable() else "?" for letter in each) for each in lines)
    return [f"// {each}" if each else "//" for each in shown]


def string(text: str) -> str:
    """Return a string literal."""
    return f'"{"".join(map(_in_string, text))}"'


def byte_string(data: bytes) -> str:
    """Return the literal of a byte string."""
    return f'b"{"".join(_in_bytes(each) for each in data)}"'


_ESCAPED: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _in_string(letter: str) -> str:
    return _ESCAPED.get(letter) or (letter if letter.isprintable() else f"\\u{{{ord(letter):x}}}")


def _in_bytes(byte: int) -> str:
    return _ESCAPED.get(chr(byte)) or (chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}")
