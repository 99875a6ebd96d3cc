"""Room on Python's own stack, for code that must not be cut off in its middle."""

from __future__ import annotations


def require_frames(count: int) -> None:
    """Raise RecursionError now where there is no room for so many more frames of Python."""
    if count:
        require_frames(count - 1)
