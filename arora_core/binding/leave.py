"""The exception by which compiled code hands over to the generic codec."""

from __future__ import annotations


class Leave(Exception):
    """Raised only by compiled code, when the generic codec has to convert the data or report the mistake in it."""
