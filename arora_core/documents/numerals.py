"""Numbers in text."""

from __future__ import annotations

import math


class NegativeZero(int):
    """The integer ``-0``: as an integer it is 0, as a float it keeps its sign."""

    __slots__ = ()

    def __float__(self) -> float:
        return -0.0


def integer(text: str, base: int = 10) -> int:
    """Return the integer that ``text`` denotes. Raises ValueError."""
    value = int(text, base)
    return NegativeZero() if value == 0 and text.startswith("-") else value


def finite(text: str) -> float:
    """Return the float that is nearest to what ``text`` denotes. Raises ValueError if that is infinity."""
    value = float(text)
    if math.isinf(value):
        raise ValueError("a number that is out of range for a float")
    return value
