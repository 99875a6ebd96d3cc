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
"""Seconds that Python has to handle Ctrl-C by itself, closing what is open."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C end the process while the block runs, in a guest's endless loop as well.

    Python runs signal handlers between its own instructions, and there are none while a guest runs. The
    interpreter's C handler still writes the signal's number to the wakeup descriptor, which a thread reads.
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
                    # Show the cursor that a progress bar hides.
                    os.write(sys.stderr.fileno(), b"\x1b[?25h\n")
                os._exit(INTERRUPTED)
