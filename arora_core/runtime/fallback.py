"""When the generic codec takes over from compiled code: on Leave, and outside strict mode on any other exception."""

from __future__ import annotations

import logging
import os
from typing import Final

from ..binding.leave import Leave

STRICT_VARIABLE: Final = "ARORA_STRICT_CODECS"
"""The environment variable that turns on strict mode. Any value but ``0`` and the empty string does. Read once."""

strict = os.environ.get(STRICT_VARIABLE, "") not in ("", "0")
"""Whether calls raise the exceptions of bugs in compiled code, instead of falling back to the generic codec."""

_log = logging.getLogger("arora.engine")


class Fallback:
    """Decides when one function falls back to the generic codec, and logs the first bug that makes it do so."""

    __slots__ = ("_function", "_logged")

    def __init__(self, function: object) -> None:
        """``str(function)`` names the function in the log."""
        self._function = function
        self._logged = False

    def takes_over(self, error: Exception) -> bool:
        """Return whether the generic codec takes over after ``error``. If not, the caller re-raises it.

        It does not where memory is short, of which it would need more.
        """
        if isinstance(error, Leave):
            return True
        if strict or isinstance(error, MemoryError):
            return False
        if not self._logged:
            self._logged = True
            _log.warning("compiled code of %s failed; the generic codec does its work", self._function, exc_info=error)
        return True
