"""Where an argument becomes too large to be copied once more than needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

LARGE: Final = 1 << 16
"""Bytes of an argument buffer that is large."""


class Large(Exception):
    """Raised by compiled code in the place of a large argument buffer, which it has in ``pieces``."""

    def __init__(self, *pieces: bytes | memoryview) -> None:
        self.pieces: Sequence[bytes | memoryview] = pieces
