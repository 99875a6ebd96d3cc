"""A worker: the process of a library, or of several. It makes the calls that its host asks for, and asks for others."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import marshal
import os
import resource
import signal
import sys
from collections.abc import Callable, Sequence
from ctypes import c_void_p
from itertools import accumulate, pairwise
from typing import Any, Final, NoReturn, cast

from arora_core.errors import AroraError, LoadError, MissingExport, Trap, TrapKind
from arora_core.executor import Forms, RowField, RowForm, Rows

from ..address_space import memory, size_at, sizes
from ..instance import SMALLEST, NativeInstance, fail_at_size
from ..library import Library
from ..opening import Opened, memory_file, open_file
from ..row_loop import SIZE, NativeRows
from . import crash_record
from .channel import STAGE_AT, Kind, Stage, WorkerEnd, reserved
from .refusals import MEMORY, OTHER, Refusal
from .sandbox import SANDBOX, confine

_PR_SET_PDEATHSIG: Final = 1
_LARGEST_STACK: Final = 8 << 20
"""Bytes of the stack of a guest, unless the system gives less."""
_RECURSION: Final = 1_000_000
_FIRST_OWN: Final = 100
"""The least number of a descriptor of the worker itself."""
_ID: Final = 16
_LINE_BUFFERED: Final = 1
_SMALL: Final = 1 << 16
"""Bytes up to which slices copy a result faster than a call of C."""
_libc = ctypes.PyDLL(None)
# As plain numbers: members of enumerations take longer to look up.
_LOAD, _UNLOAD, _CALL, _BATCH = map(int, (Kind.LOAD, Kind.UNLOAD, Kind.CALL, Kind.BATCH))
_ANSWER, _RAISED = int(Kind.ANSWER), int(Kind.RAISED)
_RESULT, _REFUSED, _HOST_FAILED = map(int, (Kind.RESULT, Kind.FAILED, Kind.HOST_FAILED))
_DISPATCH, _INDIRECT = map(int, (Kind.DISPATCH, Kind.INDIRECT))
_GUEST, _READING, _OUT_OF_MEMORY, _FAILED = map(int, Stage)
_control: Any = None
"""The shared memory of this worker, which says how it ended."""


def prepare() -> None:
    """Do what every worker needs, in the process that they are forked from."""
    crash_record.prepare()
    sys.setrecursionlimit(_RECURSION)


def main(descriptors: Sequence[int], template: int) -> NoReturn:
    """Be a worker, in a process just forked, until the host or the guest ends it."""
    try:
        _libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() == template:
            _serve(*_arranged(descriptors))
    except MemoryError:
        # The worker itself has none left, so this says it without any.
        if _control is not None:
            _control[STAGE_AT] = _OUT_OF_MEMORY
    except BaseException:
        if _control is not None:
            _control[STAGE_AT] = _FAILED
    finally:
        os._exit(1)


def _arranged(descriptors: Sequence[int]) -> tuple[WorkerEnd, int]:
    """Arrange the descriptors and the surroundings; return the channel and the descriptor of the first library."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # Far from the numbers that a guest may expect to be closed.
    library, out, err, *shared = (fcntl.fcntl(each, fcntl.F_DUPFD_CLOEXEC, _FIRST_OWN) for each in descriptors)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(out, 1)
    os.dup2(err, 2)
    kept = sorted({0, 1, 2, library, *shared})
    for before, after in zip(kept, [*kept[1:], os.sysconf("SC_OPEN_MAX")], strict=True):
        os.closerange(before + 1, after)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    soft, hard = resource.getrlimit(resource.RLIMIT_STACK)
    if soft == resource.RLIM_INFINITY or soft > _LARGEST_STACK:
        resource.setrlimit(resource.RLIMIT_STACK, (_LARGEST_STACK, hard))
    # As guests write to stdout on WebAssembly: a line reaches the host when it ends.
    _libc.setvbuf(c_void_p.in_dll(_libc, "stdout"), None, _LINE_BUFFERED, ctypes.c_size_t(0))
    global _control
    channel = WorkerEnd(*shared)
    _control = channel.control
    return channel, library


class _HostFailed(BaseException):
    """Stands for what the host raised, and unwinds the guest as far as it goes."""


class _Instance(NativeInstance):
    """The instance of a library, which says when it reads what the guest points to."""

    control: Any = bytearray(STAGE_AT + 1)
    place: memoryview | None = None
    """Where the next call of rows keeps ``arora_rows``."""

    def _read_dispatch(self, module_at: int, function_at: int, argument_at: int) -> tuple[bytes, bytes, bytes]:
        self.control[STAGE_AT] = _READING
        read = super()._read_dispatch(module_at, function_at, argument_at)
        self.control[STAGE_AT] = _GUEST
        if len(read[0]) + len(read[1]) != 2 * _ID:
            raise Trap("called arora_dispatch with a pointer outside of its memory", kind=TrapKind.ABI)
        return read

    def _answer_of(self, host: Callable[..., bytes], *arguments: object) -> int:
        answer_at = super()._answer_of(host, *arguments)
        self.control[STAGE_AT] = _GUEST
        return answer_at

    def _take_unusual(self, rows: Rows, result_at: int | None, begin: int, end: int) -> None:
        self.control[STAGE_AT] = _READING
        super()._take_unusual(rows, result_at, begin, end)
        self.control[STAGE_AT] = _GUEST

    def _native_rows(self, rows: Rows, function: Any) -> NativeRows:
        return NativeRows(rows, function, self._free, self._host_failed, self.place)


_Function = tuple[Callable[[Any, int, int], int], _Instance, bytes]
"""A function of a library: its entry point, its instance, its id."""


class _GivenRows:
    """Rows whose columns are in shared memory, as far as the loop of a library needs them."""

    def __init__(self, forms: Forms, count: int, done: int, room: memoryview, at: int) -> None:
        self.forms, self.count, self.left, self.done = forms, count, count, done
        self.unusual: bytes | None = None
        sizes = [field.size for field in forms.argument.fields] + [field.item for field in forms.result.fields]
        ends = list(accumulate((size * count for size in sizes), initial=at))
        views = [room[begin:end] for begin, end in pairwise(ends)]
        self.columns, self.results = views[: len(forms.argument.fields)], views[len(forms.argument.fields) :]


class _Server:
    """Serves the host: calls of the libraries, and in them calls of the host."""

    def __init__(self, channel: WorkerEnd, library: int) -> None:
        self.channel = channel
        self.library = library
        self.top = 0
        """Where in the room the arguments of the running calls end."""
        self.instances: dict[int, _Instance] = {}
        """By the number of their first function."""
        self.functions: dict[int, _Function] = {}

    def run(self) -> None:
        """Serve until the host is gone."""
        while True:
            self.serve(*self.channel.receive())

    def serve(self, kind: int, number: int, offset: int, size: int) -> None:
        """Do what a message asks for, and answer."""
        outer = self.top
        try:
            if kind == _CALL:
                self._call(number, offset, size)
            elif kind == _BATCH:
                self._rows(number, offset, size)
            elif kind == _LOAD:
                self._load(number, offset, size)
            elif kind == _UNLOAD:
                self._unload(number)
            else:
                os._exit(1)
        except _HostFailed:
            self.channel.send(_HOST_FAILED)
        except MemoryError:
            self._refuse(Refusal(MEMORY, "ran out of memory"))
        except Trap as trap:
            self._refuse(Refusal("Trap", trap.message))
        except AroraError as error:
            symbol = error.symbol if isinstance(error, MissingExport) else ""
            self._refuse(Refusal(type(error).__name__, error.message, symbol))
        except Exception as error:
            if self.channel.control[STAGE_AT] == _READING:
                self._refuse(Refusal("Trap", "handed its host a pointer outside of its memory"))
            else:
                self._refuse(Refusal(OTHER, f"{type(error).__name__}: {error}"))
        finally:
            self.top = outer
            if self.channel.grown and not outer:
                self.channel.forget_old()

    def dispatch(self, module_id: bytes, function_id: bytes, argument: bytes) -> bytes:
        """Have the host make a call."""
        content = b"".join((module_id, function_id, argument))
        at, end = self.top, self.top + len(content)
        self._room(end)[at:end] = content
        self.channel.send(_DISPATCH, 0, at, len(content))
        return self._answer()

    def dispatch_indirect(self, callable_id: int) -> bytes:
        """Have the host call a callable."""
        self.channel.send(_INDIRECT, 0, callable_id)
        return self._answer()

    def write_output(self, fd: int, data: bytes) -> None:
        """Guests write to their own descriptors."""

    def _answer(self) -> bytes:
        while True:
            kind, number, offset, size = self.channel.receive()
            if kind == _ANSWER:
                # Where the guest allocates memory for it.
                self.channel.control[STAGE_AT] = _READING
                return bytes(self._room(offset + size)[offset : offset + size])
            if kind == _RAISED:
                raise _HostFailed
            self.serve(kind, number, offset, size)

    def _load(self, first: int, offset: int, size: int) -> None:
        plan = self._room(offset + size)[offset : offset + size]
        name, exports, guarded, most, confined, directories, further = marshal.loads(plan)
        if further is None:
            crash_record.write_down(self.channel.control)
            if confined:
                confine(directories)
            if most is not None:
                _limit_memory(most)

        def library() -> Library:
            try:
                return Library(b"", opened=self._opened(further))
            except LoadError as error:
                if most is not None and "memory" in error.message:
                    raise MemoryError from None
                if confined and any(os.strerror(each) in error.message for each in (errno.EACCES, errno.ENOENT)):
                    raise LoadError(f"{error.message}; the sandbox may hide it ({SANDBOX}=off turns it off)") from None
                raise

        instance = _Instance(name, exports, library, self, guarded=guarded)
        instance.control = self.channel.control
        for number, (id, _) in enumerate(exports, first):
            self.functions[number] = (instance.in_place(id), instance, id)
        self.instances[first] = instance
        self.channel.send(_RESULT, int(instance.loops))

    def _opened(self, further: bytes | None) -> Opened:
        """Open the first library, or a further one that has this content."""
        if further is None:
            return open_file(f"/proc/self/fd/{self.library}")
        with memory_file(further) as file:
            return open_file(file)

    def _unload(self, first: int) -> None:
        # Whose loading was interrupted is none.
        if (instance := self.instances.pop(first, None)) is not None:
            self.functions = {number: each for number, each in self.functions.items() if each[1] is not instance}
            instance.close()
        self.channel.send(_RESULT)

    def _call(self, number: int, offset: int, size: int) -> None:
        channel = self.channel
        control = channel.control
        self.top = end = offset + reserved(size)
        if end > channel.size:
            channel.require(end)
        begin = channel.address + offset
        call, instance, _ = self.functions[number]
        result_at = call(c_void_p(begin), begin, channel.address + end)
        control[STAGE_AT] = _READING
        (size,) = size_at(sizes, result_at)
        if size < SMALLEST:
            control[STAGE_AT] = _GUEST
            fail_at_size(size)
        if offset + size > channel.size:
            channel.require(offset + size)
        if size < _SMALL:
            channel.room[offset : offset + size] = memory[result_at : result_at + size]
        else:
            ctypes.memmove(channel.address + offset, result_at, size)
        control[STAGE_AT] = _GUEST
        instance.give_back(result_at)
        channel.send(_RESULT, 0, offset, size)

    def _rows(self, number: int, offset: int, size: int) -> None:
        self.top = offset + reserved(size)
        self.channel.require(self.top)
        room = self.channel.room
        described = int.from_bytes(room[offset + SIZE : offset + SIZE + 4], "little")
        at = offset + SIZE + 4
        forms, count, done = marshal.loads(room[at : at + described])
        at += described
        rows = _GivenRows(_forms(*forms), count, done, room, at)
        _, instance, id = self.functions[number]
        instance.place = room[offset : offset + SIZE]
        try:
            instance.batch(id)(cast(Rows, rows))
        finally:
            instance.place = None
        unusual = rows.unusual
        if unusual is None:
            self.channel.send(_RESULT)
            return
        end = self.top + len(unusual)
        self._room(end)[self.top : end] = unusual
        self.channel.send(_RESULT, 1, self.top, len(unusual))

    def _refuse(self, refusal: Refusal) -> None:
        self.channel.control[STAGE_AT] = _GUEST
        content = refusal.written()
        end = self.top + len(content)
        self._room(end)[self.top : end] = content
        self.channel.send(_REFUSED, 0, self.top, len(content))

    def _room(self, end: int) -> Any:
        """Return the room, with at least ``end`` bytes."""
        self.channel.require(end)
        return self.channel.room


def _serve(channel: WorkerEnd, library: int) -> None:
    _Server(channel, library).run()


def _forms(argument: Sequence[Any], result: Sequence[Any]) -> Forms:
    made = [RowForm(each[0], each[1], tuple(RowField(*field) for field in each[2])) for each in (argument, result)]
    return Forms(*made)


def _limit_memory(most: int) -> None:
    """Let this process take ``most`` bytes of memory more than it has."""
    with open("/proc/self/statm", "rb") as file:
        taken = int(file.read().split()[0]) * resource.getpagesize()
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    limit = taken + most if hard == resource.RLIM_INFINITY else min(taken + most, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
