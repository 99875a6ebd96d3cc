"""What a worker writes to its stdout and stderr, on the way to the host's ``write_output``."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final

STDOUT: Final = 1
STDERR: Final = 2
_CAPACITY: Final = 1 << 16
"""Bytes that a pipe holds."""


class Output:
    """The pipes of a worker."""

    def __init__(self, write: Callable[[int, bytes], None]) -> None:
        self.write = write
        """That of the host of the library that runs, or has run last: what arrives is taken for its."""
        self._pipes: dict[int, int] = {}
        self.raised: BaseException | None = None
        """What ``write`` raised. Nothing is written from then on, until a call has raised it."""

    def open(self) -> tuple[int, int]:
        """Return the ends of the pipes that a worker writes to."""
        ends = []
        for fd in (STDOUT, STDERR):
            ours, theirs = os.pipe()
            ends.append(theirs)
            self._pipes[ours] = fd
            os.set_blocking(ours, False)
        return ends[0], ends[1]

    @property
    def descriptors(self) -> list[int]:
        """Where the output is read from."""
        return list(self._pipes)

    def forward(self, descriptor: int) -> bool:
        """Pass on what has been written to one pipe until now; return whether there may be more."""
        left = _CAPACITY
        while left > 0:
            try:
                data = os.read(descriptor, left)
            except BlockingIOError:
                return True
            if not data:
                # The guest has closed it.
                return False
            left -= len(data)
            if self.raised is None:
                try:
                    self.write(self._pipes[descriptor], data)
                except BaseException as error:
                    self.raised = error
        return True

    def forward_all(self) -> None:
        """Pass on what has been written to both pipes until now."""
        for each in self._pipes:
            self.forward(each)

    def take_raised(self) -> BaseException | None:
        """Return what the host raised, and forget it."""
        raised, self.raised = self.raised, None
        return raised

    def close(self) -> None:
        """Close the pipes. Idempotent."""
        pipes, self._pipes = self._pipes, {}
        for each in pipes:
            os.close(each)
