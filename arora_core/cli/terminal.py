"""What may be written to a terminal."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def printable(text: str) -> str:
    r"""``text`` with its control characters spelled out, such as ``\x1b``; tabs and line ends stay.

    Guests and headers are not to be trusted with the reader's terminal, which escape sequences reprogram.
    """
    return _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", text)
