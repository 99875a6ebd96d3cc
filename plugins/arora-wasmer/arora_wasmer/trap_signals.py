"""The process's signal handlers, by which wasmer notices that a guest has crashed.

wasmer installs them once in a process. Whoever puts a handler of his own in front of them later, as
``faulthandler.enable()`` does, turns every trap of a guest into the end of the process. So what wasmer installed
is remembered, and put in front again.
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
"""Bytes that surely hold a ``struct sigaction``; they are only ever handed back, never looked into."""
_SIGNALS: Final = tuple(
    int(getattr(signal, name)) for name in ("SIGSEGV", "SIGILL", "SIGFPE", "SIGBUS") if hasattr(signal, name)
)
_PROBED: Final = _SIGNALS[0]


class TrapSignals:
    """Keeps wasmer's handlers in front of faulthandler's. Where there are no such signals, does nothing."""

    def __init__(self) -> None:
        # It cannot block, so there is no need to give up the GIL for it.
        self._sigaction: Any = ctypes.PyDLL(None).sigaction if os.name == "posix" else None
        self._installed: dict[int, bytes] = {}
        self._now = ctypes.create_string_buffer(_ACTION)
        self._enabled = False

    @contextmanager
    def taken_by_wasmer(self) -> Iterator[None]:
        """What happens inside makes wasmer install its handlers, if it has not yet."""
        if self._sigaction is None or self._installed:
            yield
            return
        before = {number: self._current(number) for number in _SIGNALS}
        yield
        after = {number: self._current(number) for number in _SIGNALS}
        # Not those it leaves alone: on Linux, a SIGBUS is no concern of wasmer's.
        self._installed = {number: action for number, action in after.items() if action != before[number]}
        self._enabled = faulthandler.is_enabled()

    def restore(self) -> None:
        """To be called before a guest runs."""
        enabled = faulthandler.is_enabled()
        # Both enabling and disabling may take wasmer's handlers away. Enabling and disabling in between does not.
        if (enabled or self._enabled) and _PROBED in self._installed:
            self._enabled = enabled
            if self._current(_PROBED) != self._installed[_PROBED]:
                for number, action in self._installed.items():
                    self._sigaction(number, action, None)

    def _current(self, number: int) -> bytes:
        self._sigaction(number, None, self._now)
        return self._now.raw
