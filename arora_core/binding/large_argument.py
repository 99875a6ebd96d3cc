"""An argument too large to be copied once more than needed."""

from __future__ import annotations

from collections.abc import Sequence


class LargeArgument(Exception):
    """Raised by compiled code in place of returning a large argument buffer, whose ``pieces`` it holds."""

    def __init__(self, *pieces: bytes | memoryview) -> None:
        self.pieces: Sequence[bytes | memoryview] = pieces
