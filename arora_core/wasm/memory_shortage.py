"""The lack of memory, or of address space, as runtimes written in Rust report it."""

from __future__ import annotations

import errno
from typing import Final

from ..errors import LoadError

_SHORTAGE: Final = f"(os error {errno.ENOMEM})"
"""Rust appends the number to the text of a system error, which may be in any language."""


def memory_shortage(reason: str) -> LoadError | None:
    """Return the error for a load that failed for a runtime's ``reason``, None if memory is not the cause."""
    if _SHORTAGE not in reason:
        return None
    return LoadError(f"not enough memory or address space to load the module: {reason}")
