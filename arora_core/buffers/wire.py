"""What encoder and decoder share: the tables of the wire format (ABI §1)."""

from __future__ import annotations

from typing import Final

from ..values import NUMBER_ARRAYS, NumberArray

MAX_DEPTH: Final = 64
"""How many values may enclose another before a reader gives up; a caller may choose differently."""

SIZE_PREFIX: Final = 4
MAX_SIZE: Final = 0xFFFF_FFFF

BY_ELEMENT_TAG: Final[dict[int, type[NumberArray]]] = {int(cls.element_tag): cls for cls in NUMBER_ARRAYS}


def padding(offset: int) -> int:
    """How many zero bytes stand before packed items when the count ends at ``offset``: 1 to 8, never 0."""
    return 8 - offset % 8
