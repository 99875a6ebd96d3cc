"""What encoder and decoder share: the tables of the wire format (ABI §1)."""

from __future__ import annotations

from typing import Final

from ..values import INTEGERS, NUMBER_ARRAYS, Boolean, NumberArray, Scalar

MAX_DEPTH: Final = 64
"""How many values may enclose another before a reader gives up; a caller may choose differently."""

SIZE_PREFIX: Final = 4
MAX_SIZE: Final = 0xFFFF_FFFF

PACKED: Final[tuple[type[Scalar], ...]] = (Boolean, *INTEGERS)
"""The scalars whose ``value`` a ``struct`` code writes and reads. Floats go by their bytes, for the sake of NaNs."""

BY_ELEMENT_TAG: Final[dict[int, type[NumberArray]]] = {int(cls.element_tag): cls for cls in NUMBER_ARRAYS}

PADDING_SIZES: Final = tuple(8 - offset % 8 for offset in range(8))
"""The bytes of padding before packed items, by the offset at which their count ends, modulo 8: from 1 to 8, never 0."""

PADDING: Final = tuple(map(bytes, PADDING_SIZES))
"""The padding itself, by the same."""
