"""A guest's stdout and stderr: logged line by line, with the tail of stderr kept for traps."""

from __future__ import annotations

import logging
from collections import deque
from typing import Final

STDOUT: Final = 1
STDERR: Final = 2

_LONGEST_LINE: Final = 8192
"""Bytes after which an unfinished line is logged, so that a guest that never ends its line cannot fill memory."""

_TAIL_LINES: Final = 20

_LEVELS: Final = {STDOUT: logging.INFO, STDERR: logging.WARNING}


class GuestOutput:
    """One module's output, logged to ``arora.module.<name>``: stdout as INFO, stderr as WARNING.

    Dots in the name become underscores: ``logging`` keeps an entry, with its whole name, for every dot.
    """

    def __init__(self, module: str) -> None:
        self._log = logging.getLogger("arora.module." + module.replace(".", "_"))
        self._pending: dict[int, bytes] = {STDOUT: b"", STDERR: b""}
        self._tail: deque[str] = deque(maxlen=_TAIL_LINES)

    def write(self, fd: int, data: bytes) -> None:
        """Add bytes that the guest wrote, and log the lines they complete."""
        *lines, rest = (self._pending[fd] + data).split(b"\n")
        while len(rest) > _LONGEST_LINE:
            lines.append(rest[:_LONGEST_LINE])
            rest = rest[_LONGEST_LINE:]
        self._pending[fd] = rest
        for line in lines:
            self._emit(fd, line)

    def flush(self) -> None:
        """Log unfinished lines, after a crash or when the guest is unloaded."""
        for fd, rest in self._pending.items():
            if rest:
                self._pending[fd] = b""
                self._emit(fd, rest)

    def take_tail(self) -> str:
        """Return the last lines written to stderr since the previous call, and forget them."""
        self.flush()
        tail = "\n".join(self._tail)
        self._tail.clear()
        return tail

    def _emit(self, fd: int, line: bytes) -> None:
        text = line.removesuffix(b"\r").decode(errors="replace")
        if fd == STDERR:
            self._tail.append(text)
        self._log.log(_LEVELS[fd], "%s", text)
