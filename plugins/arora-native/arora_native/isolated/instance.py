"""An isolated instance: its library in a worker, and a fresh worker after one that has ended."""

from __future__ import annotations

import fcntl
import marshal
import os
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID
from weakref import finalize

from arora_core.budget import current
from arora_core.errors import CallError, EngineClosed, FunctionNotFound, ModuleBusy
from arora_core.executor import Host, Instance, Limits, Rows, RowsCall, Transfer
from arora_core.guest_symbols import function_symbol
from arora_core.lock import Lock

from ..floating_point import may_change
from ..formats import check_loadable
from ..private_copy import private_copy, search_path
from ..row_loop import DONE_AT, SIZE
from .channel import Kind, reserved
from .process import KEPT, Gone, WorkerProcess, Workers
from .spawner import sandboxed
from .tenant import Rights, Tenant

if TYPE_CHECKING:
    from arora_core.header import ModuleDefinition

_U32: Final = 4


class IsolatedInstance(Instance):
    """An instance of a library. Raises a LoadError, Trap, LimitExceeded."""

    _tenant: Tenant
    """The library as it is loaded in the worker."""

    def __init__(
        self, definition: ModuleDefinition, host: Host, limits: Limits, workers: Workers | None = None
    ) -> None:
        """``workers`` are those that it may share, and adds a new one to; None for a worker of its own."""
        header, executable = definition.header, definition.executable
        check_loadable(executable)
        exports = [(each.id.bytes, each.name) for each in header.exports]
        self._workers = workers
        self._rights = Rights(sandboxed(), _directories(definition))
        self._plan = (header.name, exports, may_change(executable), limits.memory, *self._rights)
        self._name = header.name
        self._numbers = {id: number for number, (id, _) in enumerate(exports)}
        self._names = {function_symbol(id): name for id, name in exports}
        self._host = host
        self._limits = limits
        self._loops = False
        self._closed = False
        self._depth = 0
        # Of the calls that can be interrupted.
        self._guard = Lock()
        self._interruptible: WorkerProcess | None = None
        self._worker: WorkerProcess | None = None
        self._library = _in_memory(private_copy(executable, definition.path))
        self._finalizer = finalize(self, os.close, self._library)
        self._finalizer.atexit = False
        try:
            self._started()
        except BaseException:
            self.close()
            raise

    @property
    def needs_restart(self) -> bool:
        return self._worker is not None and self._worker.ended is not None

    def dispatch(self, function_id: bytes, argument: bytes) -> bytes:
        return self.function(function_id)(argument)

    def function(self, function_id: bytes) -> Callable[[bytes], bytes]:
        number = self._number(function_id)

        def call(argument: bytes) -> bytes:
            worker = self._worker
            if worker is None or worker.ended is not None:
                worker = self._started()
            return worker.call(self._tenant, number, argument)

        if self._limits.deadline is None and not self._limits.interruptible:
            return call
        return partial(self._limited, call)

    def transfer(self, function_id: bytes) -> Callable[[Transfer], Any]:
        run = partial(self._transfer, self._number(function_id))
        if self._limits.deadline is None and not self._limits.interruptible:
            return run
        return partial(self._limited, run)

    def batch(self, function_id: bytes) -> RowsCall:
        if not self._loops or self._limits.deadline is not None:
            # A deadline is for each row.
            return super().batch(function_id)
        run = partial(self._batch, self._number(function_id))
        return partial(self._limited, run) if self._limits.interruptible else run

    def interrupt(self) -> None:
        with self._guard:
            if self._interruptible is not None:
                self._interruptible.interrupt()

    def close(self) -> None:
        """Leave the worker, which ends with its last library. Raise ModuleBusy inside a call. Idempotent."""
        worker = self._worker
        if worker is not None and worker.is_amid(self._tenant):
            raise ModuleBusy("cannot be closed from inside one of its own calls")
        self._closed, self._worker = True, None
        self._finalizer()
        if worker is not None:
            worker.leave(self._tenant)

    def _number(self, function_id: bytes) -> int:
        self._refuse_if_closed()
        try:
            return self._numbers[function_id]
        except KeyError:
            name = str(UUID(bytes=function_id)) if len(function_id) == 16 else repr(function_id)
            raise FunctionNotFound(f"exports no function {name}") from None

    def _started(self) -> WorkerProcess:
        """Return a running worker: a fresh one if there is none."""
        self._refuse_if_closed()
        if self._worker is not None and self._tenant.called:
            raise self._worker.loss(self._tenant)
        tenant = Tenant(self._name, self._library, self._names, self._host, self._limits.deadline)
        with current.limited(self._limits.deadline, None):
            worker = self._shared() or WorkerProcess(tenant)
            try:
                self._loops = worker.load(tenant, self._plan)
            except BaseException as error:
                if isinstance(error, CallError):
                    error.restarted = False
                worker.leave(tenant)
                raise
        if self._workers is not None:
            self._workers[self._rights] = worker
        self._tenant, self._worker = tenant, worker
        return worker

    def _shared(self) -> WorkerProcess | None:
        """Return a running worker that this library may share, if there is one."""
        worker = None if self._workers is None else self._workers.get(self._rights)
        return worker if worker is not None and worker.takes_more else None

    def _limited(self, run: Callable[[Any], Any], given: Any) -> Any:
        """Make a call with the limits of the module."""
        if (depth := self._depth) > 0:
            return run(given)
        try:
            self._depth = 1
            with current.limited(self._limits.deadline, None):
                return self._open_to_interruption(run, given) if self._limits.interruptible else run(given)
        finally:
            self._depth = depth

    def _open_to_interruption(self, run: Callable[[Any], Any], given: Any) -> Any:
        worker = self._worker
        if worker is None or worker.ended is not None:
            worker = self._started()
        try:
            tenant = self._tenant
            with self._guard:
                self._interruptible = worker
            result = run(given)
        finally:
            with self._guard:
                self._interruptible = None
        if worker.interrupted:
            # After its last message, which is too late for the guest and not for the caller.
            worker.lose(tenant, Gone())
        return result

    def _transfer(self, number: int, transfer: Transfer) -> Any:
        worker = self._worker
        if worker is None or worker.ended is not None:
            worker = self._started()
        size = sum(map(len, transfer.pieces))

        def write(room: Any, at: int) -> None:
            for piece in transfer.pieces:
                room[at : at + len(piece)] = piece
                at += len(piece)
            transfer.release()

        tenant = self._tenant
        reply = worker.enter(tenant, Kind.CALL, tenant.first + number, size, write)
        kind, _, offset, size = reply
        if kind != Kind.RESULT:
            worker.fail(tenant, reply)
        worker.follow(tenant, offset + size)
        outer, worker.top = worker.top, offset + reserved(size)
        try:
            with memoryview(worker.channel.room) as room, room[offset : offset + size] as result:
                return transfer.read(result)
        finally:
            worker.top = outer
            if not outer and offset + size > KEPT and worker.ended is None:
                worker.channel.keep(KEPT)

    def _batch(self, number: int, rows: Rows) -> None:
        worker = self._worker
        if worker is None or worker.ended is not None:
            worker = self._started()
        forms, count, done = rows.forms, rows.count, rows.done
        described = marshal.dumps((_plain(forms), count, done))
        tenant, at, columns = self._tenant, worker.top, rows.columns
        filled = SIZE + _U32 + len(described) + sum(map(len, columns))
        size, written = filled + sum(map(len, rows.results)), False

        def write(room: Any, at: int) -> None:
            nonlocal written
            written = True
            room[at : at + SIZE] = bytes(SIZE)
            at += SIZE
            for piece in (len(described).to_bytes(_U32, "little"), described, *columns):
                room[at : at + len(piece)] = piece
                at += len(piece)

        try:
            reply = worker.enter(tenant, Kind.BATCH, tenant.first + number, size, write)
        finally:
            if written:
                _take_rows(worker.channel.room, at, at + filled, rows)
        kind, unusual, offset, length = reply
        if kind != Kind.RESULT:
            worker.fail(tenant, reply)
        if unusual:
            worker.follow(tenant, offset + length)
            rows.unusual = worker.channel.room[offset : offset + length]

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise EngineClosed("is closed")


def _directories(definition: ModuleDefinition) -> tuple[str, ...]:
    """Return the directories, besides those of the system, where a library may find others."""
    places = [each for each in os.environ.get("LD_LIBRARY_PATH", "").split(":") if each]
    return (*places, *search_path(definition.executable, definition.path))


def _take_rows(room: Any, at: int, results_at: int, rows: Rows) -> None:
    """Take the results of the rows that are done, from where a worker has written them."""
    before = rows.done
    done = int.from_bytes(room[at + DONE_AT : at + DONE_AT + _U32], "little")
    rows.done = max(before, min(done, rows.count))
    for field, column in zip(rows.forms.result.fields, rows.results, strict=True):
        begin, end = field.item * before, field.item * rows.done
        column[begin:end] = room[results_at + begin : results_at + end]
        results_at += len(column)


def _plain(forms: Any) -> Any:
    return [(each.constant, each.known, [tuple(field) for field in each.fields]) for each in forms]


def _in_memory(library: bytes) -> int:
    """Return a descriptor of a file in memory with this content."""
    descriptor = os.memfd_create("arora-library", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with open(descriptor, "wb", closefd=False) as file:
        file.write(library)
    # No guest may change what its next worker loads.
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK)
    return descriptor
