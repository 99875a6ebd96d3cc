"""The constants and tables of the wire format (ABI §1) that encoder and decoder share."""

from __future__ import annotations

from typing import Final

from ..values import INTEGERS, NUMBER_ARRAYS, Boolean, NumberArray, Scalar

MAX_DEPTH: Final = 64
"""The default limit of nesting: how many values may enclose another."""

SIZE_PREFIX: Final = 4
"""Bytes of the size prefix of a buffer."""

MAX_SIZE: Final = 0xFFFF_FFFF
"""Bytes of the largest buffer that the size prefix can express."""

PACKED: Final[tuple[type[Scalar], ...]] = (Boolean, *INTEGERS)
"""The scalars that are packed with a ``struct`` format. Floats are not: their bytes keep the payload of a NaN."""

BY_ELEMENT_TAG: Final[dict[int, type[NumberArray]]] = {int(cls.element_tag): cls for cls in NUMBER_ARRAYS}
"""The classes of number arrays by the tag of their elements."""

PADDING_SIZES: Final = tuple(8 - offset % 8 for offset in range(8))
"""The size of the padding before packed items, 1 to 8 bytes, by the offset after their count modulo 8."""

PADDING: Final = tuple(map(bytes, PADDING_SIZES))
"""The padding itself, by the same offset."""
