"""What compiled code does not cover."""

from __future__ import annotations


class Leave(Exception):
    """Raised by compiled code, and by nothing else, where the generic codec has to do the work or name the mistake."""
