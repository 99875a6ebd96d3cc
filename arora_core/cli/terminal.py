"""Text that is safe to write to a terminal."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def printable(text: str) -> str:
    r"""Return ``text`` with control characters escaped, such as ``\x1b``; tabs and line ends stay.

    Guests and headers are untrusted, and escape sequences can reprogram a terminal.
    """
    return _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", text)
