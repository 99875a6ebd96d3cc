"""The process that all workers of a host are forked from.

Starting Python and importing what a worker needs takes a tenth of a second, a fork a millisecond. This process has one
thread and has loaded no library, so it can be forked at any time, unlike its host. It ends when its host does, and the
system then ends the workers, whose parent it is.

It answers requests that come one a packet, each with a number: ``F`` with descriptors forks a worker that has them,
``R`` with the number of a worker ends it. An answer repeats the number and the letter, and gives a worker's number, or
how a worker has ended, as ``os.waitpid`` says.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
from contextlib import suppress
from typing import Final

FORK: Final = b"F"
REAP: Final = b"R"
READY: Final = b"ready"
DESCRIPTORS: Final = 6
"""Of a worker: its first library, the pipes that are its stdout and stderr, and its end of the channel."""


def main(control: int, host: int) -> None:
    """Serve the process ``host`` until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from . import worker

    worker.prepare()
    requests = socket.socket(fileno=control)
    poller = select.poll()
    poller.register(requests, select.POLLIN)
    with suppress(OSError):
        # The socket alone does not tell: processes that the host has forked may hold its other end.
        poller.register(os.pidfd_open(host), select.POLLIN)
    if os.getppid() != host:
        return
    os.chdir("/")
    gc.collect()
    gc.freeze()
    requests.send(READY)
    workers: set[int] = set()
    while all(descriptor == requests.fileno() for descriptor, _ in poller.poll()):
        request, descriptors, _, _ = socket.recv_fds(requests, 64, DESCRIPTORS)
        if not request:
            return
        number, request = request.split()
        answer = _fork(descriptors, workers) if request == FORK else _reap(int(request[1:]), workers)
        requests.send(b"%s %s %d" % (number, request[:1], answer))


def _fork(descriptors: list[int], workers: set[int]) -> int:
    """Return the number of a new worker, or an error's number, negative."""
    template = os.getpid()
    try:
        number = os.fork()
    except OSError as error:
        number = -(error.errno or 1)
    if number == 0:
        from . import worker

        worker.main(descriptors, template)
    for each in descriptors:
        os.close(each)
    if number > 0:
        workers.add(number)
    return number


def _reap(number: int, workers: set[int]) -> int:
    """End a worker, and return how it has ended: by this, or before. -1 if it has been reaped already."""
    if number not in workers:
        return -1
    with suppress(OSError):
        os.killpg(number, signal.SIGKILL)
    with suppress(OSError):
        os.kill(number, signal.SIGKILL)
    workers.remove(number)
    return os.waitpid(number, 0)[1]
