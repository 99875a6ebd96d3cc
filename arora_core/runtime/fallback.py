"""When the generic codec takes over from compiled code: where that leaves, and in normal use where it has a bug."""

from __future__ import annotations

import logging
import os
from typing import Final

from ..binding.leave import Leave

STRICT_VARIABLE: Final = "ARORA_STRICT_CODECS"
"""The environment variable that turns strict mode on, by any value but ``0`` and nothing. Read once."""

strict = os.environ.get(STRICT_VARIABLE, "") not in ("", "0")
"""Whether bugs of compiled code come out of calls as they are, and not as slow calls."""

_log = logging.getLogger("arora.engine")


class Fallback:
    """Decides for one function. Its first bug is logged."""

    __slots__ = ("_function", "_logged")

    def __init__(self, function: object) -> None:
        """``function`` names it in the log, by its ``str``."""
        self._function = function
        self._logged = False

    def takes_over(self, error: Exception) -> bool:
        """Return whether the generic codec does the work after ``error``; the caller raises it otherwise."""
        if isinstance(error, Leave):
            return True
        if strict:
            return False
        if not self._logged:
            self._logged = True
            _log.warning("compiled code of %s failed; the generic codec does its work", self._function, exc_info=error)
        return True
