"""Panics of wasmer, which its package raises as a class that derives from BaseException alone.

wasmer is linked with a copy of PyO3 of its own, whose class of panics cannot be imported: it is known by its name.
"""

from __future__ import annotations

from typing import Final

_NAME: Final = "PanicException"
_MAX_REASON: Final = 300


def reason(error: BaseException) -> str | None:
    """Return what wasmer said when it panicked, in one line, or None if the error is no panic."""
    if isinstance(error, Exception) or type(error).__name__ != _NAME:
        return None
    return str(error).partition("\n")[0][:_MAX_REASON] or "without a reason"
