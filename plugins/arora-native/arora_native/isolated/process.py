"""A running worker, from the side of its host: messages, and calls in both directions."""

from __future__ import annotations

import marshal
import os
import time
from collections.abc import Callable
from contextlib import suppress
from math import inf
from typing import Any, Final, NoReturn, TypeAlias
from weakref import WeakValueDictionary

from arora_core.budget import current
from arora_core.errors import CallError, EngineClosed, LimitExceeded, ModuleBusy, Trap, TrapKind
from arora_core.wasm.python_stack import require_frames

from .channel import Kind, Message, reserved
from .refusals import Refusal
from .started import StartedProcess
from .tenant import Rights, Tenant

_FRAMES: Final = 20
"""Frames of Python that a call needs here, besides those of what it leads to. A worker does not survive a nested call
that lacks them in its middle."""
KEPT: Final = 1 << 26
"""The most bytes of memory for arguments and results that are kept for the next call."""
_ID: Final = 16
_CALL, _RESULT, _DISPATCH, _INDIRECT = int(Kind.CALL), int(Kind.RESULT), int(Kind.DISPATCH), int(Kind.INDIRECT)
"""Members of enumerations take longer to look up and to compare."""
_read: Final = os.read


class Gone(Exception):
    """The worker has ended."""


class WorkerProcess(StartedProcess):
    """A worker. Its calls are a stack, as those of its host are."""

    def __init__(self, first: Tenant) -> None:
        super().__init__(first)
        self.tenants: set[Tenant] = set()
        self.top = 0
        """Where in the room the arguments of the running calls end."""
        self.running = first
        """The library that runs, or has run last."""
        self._asking: list[tuple[Tenant, int]] = []
        """The libraries that wait for an answer of their host, and where ``top`` was when they asked."""
        self._numbers = 0
        """How many numbers of functions have been given out."""
        self._failure: BaseException | None = None
        """What the host raised in the call that has just ended by it."""

    @property
    def takes_more(self) -> bool:
        """Whether another library can be loaded now."""
        return self._waits and self.goes_on

    def load(self, tenant: Tenant, plan: tuple[Any, ...]) -> bool:
        """Load a library; return whether it has a loop of its own for rows.

        Raises a LoadError, Trap, LimitExceeded. Have it :meth:`leave` then, too.
        """
        tenant.first, self._numbers = self._numbers, self._numbers + len(tenant.exports) + 1
        self.tenants.add(tenant)
        self.names.update(tenant.exports)
        # The worker has the file of its first library. It may not be given further ones.
        further = os.pread(tenant.library, os.fstat(tenant.library).st_size, 0) if tenant.first else None
        content = marshal.dumps((*plan, further))
        reply = self.enter(tenant, Kind.LOAD, tenant.first, len(content), put(content))
        if reply[0] != _RESULT:
            self.fail(tenant, reply)
        tenant.called = False
        if not self.top:
            self.channel.keep(KEPT)
        return bool(reply[1])

    def leave(self, tenant: Tenant) -> None:
        """Unload a library, and end the worker with the last one. Idempotent."""
        stays = tenant in self.tenants
        self.tenants.discard(tenant)
        if not self.tenants:
            self.end(lambda: EngineClosed("is closed"))
        elif stays and self.takes_more:
            with suppress(CallError), current.limited(tenant.deadline, None):
                self.enter(tenant, Kind.UNLOAD, tenant.first, 0, put(b""))

    def is_amid(self, tenant: Tenant) -> bool:
        """Return whether a call of a library is in progress."""
        return any(tenant is each for each, _ in self._asking) or (not self._waits and tenant is self.running)

    def call(self, tenant: Tenant, number: int, argument: bytes) -> bytes:
        """Make a call, and return its result. ``number`` is that of the function in its library."""
        channel, at, size = self.channel, self.top, len(argument)
        if at:
            self._require_turn()
        end = at + (size + 23 & ~15)
        if end > channel.size:
            self.prepare(tenant, end)
        try:
            channel.room[at : at + size] = argument
            self.top, self.running, self.output.write, tenant.called = end, tenant, tenant.write, True
            channel.send(_CALL, tenant.first + number, at, size)
            if current.until == inf and self._wait() == self._only_reply and _read(self._reply, 1):
                reply = channel.message()
            else:
                # What has happened and is not read yet happens again.
                reply = self.receive(tenant)
            if reply[0] != _RESULT:
                reply = self.converse(tenant, reply)
        except BaseException as error:
            self.lose(tenant, error)
        finally:
            self.top = at
        kind, _, offset, size = reply
        if kind != _RESULT or self.output.raised is not None:
            self.fail(tenant, reply)
        if offset + size > channel.size:
            self.follow(tenant, offset + size)
        result: bytes = channel.room[offset : offset + size]
        return result

    def enter(self, tenant: Tenant, kind: int, number: int, size: int, write: Callable[[Any, int], None]) -> Message:
        """Send what ``write`` writes to the room at an offset, ``size`` bytes, and return the reply that ends it."""
        at = self.top
        if at:
            self._require_turn()
        self.prepare(tenant, at + reserved(size))
        try:
            write(self.channel.room, at)
            self.top, self.running, self.output.write, tenant.called = at + reserved(size), tenant, tenant.write, True
            self.channel.send(kind, number, at, size)
            reply = self.receive(tenant)
            if reply[0] != _RESULT:
                reply = self.converse(tenant, reply)
        except BaseException as error:
            self.lose(tenant, error)
        finally:
            self.top = at
        if self.output.raised is not None:
            self.fail(tenant, reply)
        return reply

    def receive(self, tenant: Tenant) -> Message:
        """Return the next message of the worker, having passed on the output from before it.

        Raises Gone where the worker has ended, LimitExceeded at the nearest deadline.
        """
        while True:
            until = current.until
            if until == inf:
                ready = self._poll.poll()
            else:
                left = until - time.monotonic()
                if left <= 0:
                    raise current.deadline_exceeded(tenant.deadline)
                ready = self._poll.poll(left * 1000 + 1)
            arrived = ended = False
            for descriptor, _ in ready:
                if descriptor == self._reply:
                    arrived = True
                elif descriptor == self._process:
                    ended = True
                elif not self.output.forward(descriptor):
                    self._poll.unregister(descriptor)
            if arrived:
                if not os.read(self._reply, 1):
                    raise Gone
                return self.channel.message()
            if ended:
                raise Gone

    def converse(self, tenant: Tenant, message: Message) -> Message:
        """Make the calls of the host that the guest asks for, until its own call has ended; return that reply."""
        failure: BaseException | None = None
        while message[0] in (_DISPATCH, _INDIRECT):
            answer = b""
            try:
                if (failure := self.output.take_raised()) is None:
                    answer = self._ask_host(tenant, message)
            except BaseException as error:
                failure = error
            if self.ended is not None and failure is not None:
                # By a nested call. What the host raised is more than that.
                raise failure
            if current.until != inf:
                current.check()
            if self.ended is not None:
                raise Gone
            if failure is None:
                self._answer(answer)
            else:
                self.channel.send(Kind.RAISED)
            message = self.receive(tenant)
        self._failure = failure
        return message

    def fail(self, tenant: Tenant, reply: Message) -> NoReturn:
        """Raise what a reply stands for that is no result, or what the host raised as it took output."""
        kind, _, offset, size = reply
        failure, self._failure = self._failure, None
        try:
            if (raised := self.output.take_raised()) is not None:
                raise raised
            if kind == Kind.HOST_FAILED and failure is not None:
                raise failure
            if kind == Kind.FAILED:
                self.follow(tenant, offset + size)
                refusal = Refusal.read(self.channel.room[offset : offset + size])
                raise self._broken(tenant) if refusal is None else refusal.error()
        finally:
            del failure
        raise self._broken(tenant)

    def prepare(self, tenant: Tenant, end: int) -> None:
        """Make the room at least ``end`` bytes large. Raises the error of calls of a worker that has ended."""
        if self.ended is not None:
            raise self.error(tenant)
        try:
            self.channel.require(end)
        except OSError:
            raise MemoryError from None

    def follow(self, tenant: Tenant, end: int) -> None:
        """Make the room at least ``end`` bytes large where the worker has made it so."""
        try:
            self.channel.follow(end)
        except (OSError, ValueError):
            raise self._broken(tenant) from None

    def lose(self, tenant: Tenant, error: BaseException) -> NoReturn:
        """Raise what ``error`` means to the call that it came out of, having ended the worker."""
        tenant.called = False
        if isinstance(error, Gone):
            self.end(None, tenant)
            if (raised := self.output.take_raised()) is not None:
                raise raised
            raise self.error(tenant) from None
        if isinstance(error, LimitExceeded):
            message, limit = error.message, error.limit
            self.end(lambda: LimitExceeded(message, limit=limit), tenant)
            error.restarted = True
        else:
            self.end(lambda: Trap("the host has abandoned the call that its worker was in"), tenant)
        raise error

    @property
    def _waits(self) -> bool:
        """Whether the worker waits for its host. While it runs a library, ``top`` is beyond where that asked last."""
        return self.top == (self._asking[-1][1] if self._asking else 0)

    def _require_turn(self) -> None:
        """Raise ModuleBusy where a nested call would come amid the work of a library, RecursionError too deep down."""
        if not self._waits:
            raise ModuleBusy("its worker is in the middle of a call, and this one was not made by it (a log handler?)")
        require_frames(_FRAMES)

    def _broken(self, tenant: Tenant) -> CallError:
        self.end(lambda: Trap("its worker broke the protocol", kind=TrapKind.ABI), tenant)
        return self.error(tenant)

    def _ask_host(self, tenant: Tenant, message: Message) -> bytes:
        kind, _, offset, size = message
        depth = len(self._asking)
        try:
            self._asking.append((tenant, self.top))
            if kind == _INDIRECT:
                return tenant.host.dispatch_indirect(offset)
            if size < 2 * _ID:
                raise self._broken(tenant)
            self.follow(tenant, offset + size)
            content = self.channel.room[offset : offset + size]
            return tenant.host.dispatch(content[:_ID], content[_ID : 2 * _ID], content[2 * _ID :])
        finally:
            del self._asking[depth:]
            self.running, self.output.write = tenant, tenant.write

    def _answer(self, answer: bytes) -> None:
        channel, at, end = self.channel, self.top, self.top + len(answer)
        if end > channel.size:
            channel.require(end)
        channel.room[at:end] = answer
        channel.send(Kind.ANSWER, 0, at, len(answer))


Workers: TypeAlias = WeakValueDictionary[Rights, WorkerProcess]
"""The workers of an engine that more libraries may be loaded into. The instances are what keeps them."""


def put(content: bytes) -> Callable[[Any, int], None]:
    """Return what writes ``content`` to a room."""

    def write(room: Any, at: int) -> None:
        room[at : at + len(content)] = content

    return write
