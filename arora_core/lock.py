"""The lock that ``with`` always unlocks, whatever the handler of a signal raises, as Ctrl-C does.

CPython 3.14 may run handlers when ``with`` has locked a lock of :mod:`threading` and its body has not begun. What they
raise then leaves it locked: https://github.com/python/cpython/issues/148874.
"""

from __future__ import annotations

import _thread
import sys

if sys.version_info[:2] == (3, 14):

    class Lock(_thread.RLock):
        """A lock that its thread can take again."""

        # Handlers run after calls, and when a function is entered. This function in C is not called, but got.
        _acquired = property(_thread.RLock.acquire)

        def __enter__(self) -> bool:
            return self._acquired

else:
    Lock = _thread.RLock
