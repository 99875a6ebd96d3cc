"""Starting and ending workers, from the side of the host."""

from __future__ import annotations

import atexit
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.spawn import get_executable
from threading import get_ident
from typing import Final

from arora_core.errors import LoadError
from arora_core.lock import Lock

from .sandbox import SANDBOX
from .template import FORK, READY, REAP

_KEPT: Final = ("LD_LIBRARY_PATH", "LD_PRELOAD", "GLIBC_TUNABLES")
"""What the loader of libraries reads. Guests do not see it."""
_LONGEST: Final = 60
"""Seconds in which the template has to start."""


def sandboxed() -> bool:
    """Return whether workers are confined. Raises LoadError for a setting that is not understood."""
    setting = os.environ.get(SANDBOX, "").strip().lower()
    if setting not in ("", "on", "off"):
        raise LoadError(f"{SANDBOX} is {setting!r}, expected on or off")
    return setting != "off"


class _Template:
    """The running template."""

    def __init__(self, confined: bool) -> None:
        self.confined = confined
        self.busy = False
        """Whether a request waits for its answer, in the middle of which a signal's handler or a finalizer may run."""
        self.unsettled: list[int] = []
        """Workers to end that nobody knows of, or whose end nobody has asked for."""
        self.forked = 0
        """The last worker, until the caller of :meth:`ask` has noted its number."""
        self._requests = 0
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        path = [os.path.abspath(each) for each in sys.path]
        code = (
            f"import sys; sys.path[:] = {path!r}; from arora_native.isolated.template import main; "
            f"main({theirs.fileno()}, {os.getpid()})"
        )
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ} if confined else None
        try:
            with theirs:
                self._process = subprocess.Popen(
                    [os.fsdecode(get_executable() or ""), "-I", "-c", code],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env=environment,
                    start_new_session=True,
                )
        except OSError as error:
            self._socket.close()
            raise LoadError(f"no process could be started for native modules: {error.strerror}") from None
        try:
            self._socket.settimeout(_LONGEST)
            if self._socket.recv(64) != READY:
                raise OSError("it ended at once")
            self._socket.settimeout(None)
        except OSError as error:
            self.close()
            raise LoadError(f"the process that starts workers for native modules could not start: {error}") from None
        except BaseException:
            self.close()
            raise

    def ask(self, request: bytes, descriptors: Sequence[int] = ()) -> int:
        """Return the answer to a request. Raises OSError where the template has ended."""
        self.busy = True
        try:
            if self.forked:
                self.unsettled.append(self.forked)
                self.forked = 0
            while self.unsettled:
                self._exchange(REAP + b"%d" % self.unsettled[-1], ())
                self.unsettled.pop()
            return self._exchange(request, descriptors)
        finally:
            self.busy = False

    def _exchange(self, request: bytes, descriptors: Sequence[int]) -> int:
        self._requests += 1
        mine = self._requests
        packet = b"%d %s" % (mine, request)
        if descriptors:
            socket.send_fds(self._socket, [packet], descriptors, socket.MSG_NOSIGNAL)
        else:
            self._socket.send(packet, socket.MSG_NOSIGNAL)
        while True:
            # Taken out once it is noted: before and after, a signal's handler may raise an exception.
            answer = self._socket.recv(64, socket.MSG_PEEK)
            if not answer:
                raise OSError("the process that starts them has ended")
            number, kind, value = answer.split()
            if int(number) == mine:
                self.forked = max(0, int(value)) if kind == FORK else 0
                self._socket.recv(64)
                return int(value)
            self._socket.recv(64)
            # To a request whose answer a signal's handler kept from being taken.
            if kind == FORK and int(value) > 0:
                self.unsettled.append(int(value))

    def close(self) -> None:
        """End the template, and with it all workers."""
        self._socket.close()
        self._process.kill()
        self._process.wait()

    def forsake(self) -> None:
        """Forget the template, in a process that the host has forked."""
        self._socket.close()
        self._process.returncode = 0


_lock = Lock()
_current: _Template | None = None


def fork(descriptors: Sequence[int]) -> int:
    """Return the number of a new worker that has these descriptors. Raises LoadError.

    The next call by the same thread ends the worker unless it has been claimed (:func:`claim`).
    """
    global _current
    with _lock:
        confined = sandboxed()
        if (lost := _unclaimed.pop(get_ident(), None)) is not None:
            reap(lost)
        if _current is not None and (_current.busy or _current.confined != confined):
            # It has workers that are in use. A new one is for those that start from now on.
            _retired.append(_current)
            _current = None
        for attempt in (1, 2):
            if _current is None:
                _current = _Template(confined)
            try:
                number = _current.ask(FORK, descriptors)
            except OSError as error:
                _give_up(_current)
                if attempt == 2:
                    raise LoadError(f"no worker could be started: {error}") from None
                continue
            if number < 0:
                raise LoadError(f"no worker could be started: {os.strerror(-number)}")
            _parents[number] = _current
            _unclaimed[get_ident()] = number
            _current.forked = 0
            return number
    raise AssertionError


_retired: Final[list[_Template]] = []
_parents: Final[dict[int, _Template]] = {}
_unclaimed: Final[dict[int, int]] = {}
"""By thread, the worker that it has forked last, unless it has claimed it: a signal's handler may come in between."""


def claim() -> None:
    """Take over the worker that this thread has forked: end it by :func:`reap`."""
    _unclaimed.pop(get_ident(), None)


def kill(number: int) -> None:
    """End a worker that has not been reaped, without waiting for it."""
    with suppress(OSError):
        os.kill(number, signal.SIGKILL)


def reap(number: int) -> int | None:
    """End a worker if it has not ended yet; return how it has ended, as ``os.waitpid``, None if that is unknown."""
    with _lock:
        template = _parents.pop(number, None)
        if template is None:
            return None
        if template.busy:
            # In the middle of another request: this is a signal's handler, or a finalizer.
            kill(number)
            template.unsettled.append(number)
            return None
        try:
            return template.ask(REAP + b"%d" % number)
        except OSError:
            _give_up(template)
            return None
        except BaseException:
            template.unsettled.append(number)
            raise


def _give_up(template: _Template) -> None:
    """Forget a template that has ended, and its workers with it."""
    global _current
    if _current is template:
        _current = None
    template.close()


def _close() -> None:
    global _current
    with _lock:
        for each in [_current, *_retired]:
            if each is not None:
                each.close()
        _current = None
        _retired.clear()


def _after_fork_in_child() -> None:
    global _current, _lock
    _lock = Lock()
    for each in [_current, *_retired]:
        if each is not None:
            each.forsake()
    _current = None
    _retired.clear()
    _parents.clear()
    _unclaimed.clear()


atexit.register(_close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
