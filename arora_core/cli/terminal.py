"""Text that is safe to write to a terminal.

Guests and headers are untrusted: escape sequences can reprogram a terminal, line separators can imitate messages, and
marks that change the direction of text can make it look like another.
"""

from __future__ import annotations

import re
from typing import Final

_CONTROLS: Final = r"\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
_IN_TEXT: Final = re.compile(rf"[\x00-\x08\x0b-\x1f{_CONTROLS}]")
_IN_LINE: Final = re.compile(rf"[\x00-\x1f{_CONTROLS}]")


def printable(text: str) -> str:
    r"""Return ``text`` with control characters escaped, such as ``\x1b`` and ``\u2028``; tabs and line ends stay."""
    return _IN_TEXT.sub(_escaped, text)


def one_line(text: str) -> str:
    """Return ``text`` with control characters escaped, tabs and line ends too: a name, or another part of a line."""
    return _IN_LINE.sub(_escaped, text)


def indented(text: str) -> str:
    """Return ``printable(text)`` with every further line indented, so that none looks like a message from Arora."""
    return printable(text).rstrip("\n").replace("\n", "\n  ")


def has_controls(text: str) -> bool:
    """Return whether ``printable(text)`` differs from ``text``."""
    return _IN_TEXT.search(text) is not None


def escaped_in_quotes(document: str) -> str:
    r"""Return JSON, or YAML that has control characters in double quotes alone, with these as ``\u001b``."""
    return _IN_TEXT.sub(lambda match: f"\\u{ord(match[0]):04x}", document)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
