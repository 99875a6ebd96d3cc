"""The signal handlers by which wasmer notices that a guest has trapped.

wasmer installs them once per process. If another handler replaces them later, as ``faulthandler.enable()`` does, a
trap of a guest ends the process. So this module remembers wasmer's handlers, and installs them again.
"""

from __future__ import annotations

import ctypes
import faulthandler
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

_ACTION: Final = 256
"""Bytes enough for a ``struct sigaction`` on any platform. Its content is only passed back, never read."""
_SIGNALS: Final = tuple(
    int(getattr(signal, name)) for name in ("SIGSEGV", "SIGILL", "SIGFPE", "SIGBUS") if hasattr(signal, name)
)
_PROBED: Final = _SIGNALS[0]


class TrapSignals:
    """Restores wasmer's signal handlers after faulthandler has replaced them. Does nothing outside POSIX."""

    def __init__(self) -> None:
        # sigaction never blocks, so there is no need to release the GIL.
        self._sigaction: Any = ctypes.PyDLL(None).sigaction if os.name == "posix" else None
        self._installed: dict[int, bytes] = {}
        self._now = ctypes.create_string_buffer(_ACTION)
        self.enabled = False
        """Whether faulthandler was enabled when it was last looked at."""

    @contextmanager
    def record_handlers(self) -> Iterator[None]:
        """Record the handlers that wasmer installs in the body of the first ``with`` statement."""
        if self._sigaction is None or self._installed:
            yield
            return
        before = {number: self._current(number) for number in _SIGNALS}
        yield
        after = {number: self._current(number) for number in _SIGNALS}
        # Only the handlers that changed: on Linux, wasmer does not handle SIGBUS.
        self._installed = {number: action for number, action in after.items() if action != before[number]}
        self.enabled = faulthandler.is_enabled()

    def restore(self) -> None:
        """Restore wasmer's handlers if they were replaced. Call it before a guest runs."""
        enabled = faulthandler.is_enabled()
        # Enabling and disabling faulthandler both may remove wasmer's handlers; doing both between two calls does not.
        if (enabled or self.enabled) and _PROBED in self._installed:
            self.enabled = enabled
            if self._current(_PROBED) != self._installed[_PROBED]:
                for number, action in self._installed.items():
                    self._sigaction(number, action, None)

    def _current(self, number: int) -> bytes:
        self._sigaction(number, None, self._now)
        return self._now.raw
