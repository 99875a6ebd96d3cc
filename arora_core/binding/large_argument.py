"""Large argument buffers, which compiled code does not join."""

from __future__ import annotations

from collections.abc import Sequence


class LargeArgument(Exception):
    """Raised by compiled code instead of returning a large argument buffer; ``pieces``, joined, are the buffer."""

    def __init__(self, *pieces: bytes | memoryview) -> None:
        self.pieces: Sequence[bytes | memoryview] = pieces
