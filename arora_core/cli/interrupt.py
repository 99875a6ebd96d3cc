"""Ctrl-C while a guest runs."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from .failure import INTERRUPTED

_GRACE: Final = 0.5
"""Seconds in which Python may answer Ctrl-C by itself, closing what is open."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Lets Ctrl-C end the process while the block runs.

    Python handles a signal between two of its own instructions, which does not come to pass while a guest
    loops. The interpreter's C part still writes the signal's number to a file, from where another thread has it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    left = threading.Event()
    previous = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(reader, left), name="arora-interrupt", daemon=True).start()
    try:
        yield
    finally:
        left.set()
        signal.set_wakeup_fd(previous)
        writer.close()


def _watch(reader: socket.socket, left: threading.Event) -> None:
    with reader:
        while received := reader.recv(64):
            if signal.SIGINT in received and not left.wait(_GRACE):
                if sys.stderr.isatty():
                    # A progress bar has hidden the cursor, and nobody else is left to show it.
                    os.write(sys.stderr.fileno(), b"\x1b[?25h\n")
                os._exit(INTERRUPTED)
