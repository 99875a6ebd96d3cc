"""How a guest sleeps in its host."""

from __future__ import annotations

from typing import Final

from ..budget import current
from ..errors import LimitExceeded

LONGEST_WAIT: Final = 3600.0
"""Seconds after which a call that waits is stopped, whatever its limits: it keeps others from using its engine."""
_NANOSECONDS: Final = 1_000_000_000


def sleep(nanoseconds: int) -> None:
    """Sleep, without waking up in between; return at once for no time or less.

    An exception of a signal handler ends the sleep and the guest's call. Raises LimitExceeded at the nearest deadline
    of the running calls, and after :data:`LONGEST_WAIT`; Interrupted when the call is interrupted.
    """
    if nanoseconds > 0:
        current.wait(min(nanoseconds / _NANOSECONDS, LONGEST_WAIT))
        if nanoseconds / _NANOSECONDS > LONGEST_WAIT:
            raise LimitExceeded(f"waited for {LONGEST_WAIT:.0f} s, which is the longest wait", limit="deadline")
