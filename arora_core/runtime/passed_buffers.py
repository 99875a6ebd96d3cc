"""The copies that the host holds of large buffers while guests pass them on from call to call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ..errors import LimitExceeded

MOST_PASSED: Final = 256 << 20
"""Bytes of copies that the nested calls of an engine may hold in all, apart from a single one of any size."""


class PassedBuffers:
    """The copies of one engine: one for each running call of another module with a large argument."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = 0

    @contextmanager
    def holding(self, size: int) -> Iterator[None]:
        """Count a copy for the duration of the ``with`` statement. Raises LimitExceeded if there are too many."""
        before = self._held
        if before and before + size > MOST_PASSED:
            raise LimitExceeded(
                f"nested calls pass on {before + size} bytes of arguments, their limit is {MOST_PASSED}", limit="passed"
            )
        self._held = before + size
        try:
            yield
        finally:
            self._held = before
