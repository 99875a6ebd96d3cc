"""The process of a worker, from the side of its host: its start and its end."""

from __future__ import annotations

import os
import select
from contextlib import suppress
from typing import Any, Final
from weakref import WeakSet, finalize

from arora_core.errors import CallError, Interrupted, Trap

from . import spawner
from .channel import STAGE_AT, HostEnd
from .crash_record import read_crash, read_exit
from .endings import Ending, ending_of
from .output import Output
from .tenant import Tenant


class StartedProcess:
    """The process of a worker, which has been started. It ends by :meth:`end`, or when nobody refers to it."""

    def __init__(self, first: Tenant) -> None:
        """Start a worker, which ``first`` is to be loaded into before others. Raises LoadError."""
        self.names: dict[str, str] = {}
        """The names of all functions by their symbols. Nested calls have those of several libraries on the stack."""
        self.ended: Ending | None = None
        """Makes the errors of calls, once the worker has ended."""
        self.forsaken = False
        """Whether it is the worker of the process that this one was forked from."""
        self.interrupted = False
        """Whether the worker has been ended to interrupt its call."""
        self._culprit: Tenant | None = None
        """In whose call the worker has ended."""
        self._finalizer: Any = None
        self._process = -1
        self.output = Output(first.write)
        self.channel = HostEnd()
        out, err = self.output.open()
        try:
            self.number = spawner.fork([first.library, out, err, *self.channel.worker_descriptors()])
        except BaseException:
            self._release()
            raise
        finally:
            self.channel.started()
            os.close(out)
            os.close(err)
        self._reply = self.channel.wakes_host
        self._only_reply = [(self._reply, select.POLLIN)]
        self._poll = select.poll()
        for each in (self._reply, *self.output.descriptors):
            self._poll.register(each, select.POLLIN)
        with suppress(OSError):
            # The pipe alone does not tell: processes that a guest has started may hold its other end.
            self._process = os.pidfd_open(self.number)
            self._poll.register(self._process, select.POLLIN)
        self._wait = self._poll.poll
        _running.add(self)
        self._finalizer = finalize(self, _let_go, self.number, self._process, self.channel, self.output)
        self._finalizer.atexit = False
        spawner.claim()

    @property
    def goes_on(self) -> bool:
        """Whether the process has not ended, as far as that is known."""
        return self.ended is None and not _is_ready(self._process)

    def interrupt(self) -> None:
        """End the worker, from any thread, so that its call raises Interrupted."""
        self.interrupted = True
        if self.ended is None:
            spawner.kill(self.number)

    def end(self, ending: Ending | None, culprit: Tenant | None = None) -> None:
        """End the worker, in a call of ``culprit``. Idempotent.

        ``ending`` makes the errors of its calls, by default by how it has ended.
        """
        if self.ended is not None:
            return
        self._culprit = culprit
        self.ended = ending or (lambda: Trap("its worker has ended"))
        control = self.channel.control
        try:
            status = spawner.reap(self.number)
            if ending is None:
                if self.interrupted:
                    self.ended = lambda: Interrupted("was interrupted")
                else:
                    crash = read_crash(control, self.names)
                    self.ended = ending_of(status, crash, read_exit(control), control[STAGE_AT])
            self.output.forward_all()
        finally:
            self._release()

    def forsake(self) -> None:
        """Let go of the worker in a process that its host has forked."""
        self.forsaken = True
        self.ended = self.ended or (lambda: Trap("its worker belongs to the process that this one was forked from"))
        self._release()

    def error(self, tenant: Tenant) -> CallError:
        """Return the error of a call of ``tenant`` that has ended with the worker."""
        assert self.ended is not None
        tenant.called = False
        error = self.ended()
        if self._culprit not in (None, tenant) and not isinstance(error, Interrupted):
            return self.loss(tenant)
        error.restarted = True
        return error

    def loss(self, tenant: Tenant) -> Trap:
        """Return the error of a library whose state has gone with the worker, though in no call of its own."""
        assert self.ended is not None
        tenant.called = False
        message = self.ended().message
        if self._culprit is not None:
            message = f"its worker, which it shared, ended in a call of {self._culprit.name}: {message}"
        error = Trap(message)
        error.restarted = True
        return error

    def _release(self) -> None:
        _running.discard(self)
        if self._finalizer is not None:
            self._finalizer.detach()
        _close(self._process, self.channel, self.output)
        self._process = -1


def _is_ready(descriptor: int) -> bool:
    """Return whether there is something to read, as there is of a process that has ended; never from -1."""
    poll = select.poll()
    if descriptor >= 0:
        poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


def _close(process: int, channel: HostEnd, output: Output) -> None:
    output.close()
    channel.close()
    if process >= 0:
        os.close(process)


def _let_go(number: int, process: int, channel: HostEnd, output: Output) -> None:
    """End a worker that nobody refers to any more."""
    spawner.reap(number)
    _close(process, channel, output)


_running: Final[WeakSet[StartedProcess]] = WeakSet()


def _after_fork_in_child() -> None:
    for each in list(_running):
        each.forsake()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
