"""WASI preview 1 over a linear memory, for runtimes whose own implementation would share the host's files and streams.

A guest gets clocks, random numbers, an empty stdin, and stdout and stderr that go to its host. It gets no arguments,
environment or files. Every other function returns ENOSYS. Results equal those of Wasmtime's preview 1 with its default
configuration: tests compare the two.

The interface: https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from struct import Struct
from typing import Final

from ..budget import current
from ..errors import Trap, TrapKind, UnsupportedImport
from .guest_interface import U32, U64, LinearMemory
from .guest_symbols import FD_WRITE, WASI_NAMESPACE, WasmFunctionType, WasmType
from .linear_memory import LinearGuest
from .waiting import sleep

_SUCCESS: Final = 0
_EBADF: Final = 8
_EFAULT: Final = 21
_EINVAL: Final = 28
_ENOSYS: Final = 52
_ENOTDIR: Final = 54
_ESPIPE: Final = 70

_WORDS: Final = {"i": "i32", "I": "i64"}
_PARAMETERS: Final = {
    **dict.fromkeys(["args_get", "args_sizes_get", "environ_get", "environ_sizes_get"], "ii"),
    **dict.fromkeys(["clock_res_get", "random_get", "fd_renumber", "fd_tell", "sock_shutdown"], "ii"),
    **dict.fromkeys(["fd_fdstat_get", "fd_fdstat_set_flags", "fd_filestat_get", "fd_prestat_get"], "ii"),
    **dict.fromkeys(["fd_close", "fd_datasync", "fd_sync", "proc_exit", "proc_raise"], "i"),
    **dict.fromkeys(["fd_prestat_dir_name", "sock_accept"], "iii"),
    **dict.fromkeys(["path_create_directory", "path_remove_directory", "path_unlink_file"], "iii"),
    **dict.fromkeys(["fd_read", "fd_write", "poll_oneoff"], "iiii"),
    **dict.fromkeys(["fd_pread", "fd_pwrite", "fd_readdir"], "iiiIi"),
    **dict.fromkeys(["path_filestat_get", "path_symlink", "sock_send"], "iiiii"),
    **dict.fromkeys(["path_readlink", "path_rename", "sock_recv"], "iiiiii"),
    "sched_yield": "",
    "clock_time_get": "iIi",
    "fd_advise": "iIIi",
    "fd_allocate": "iII",
    "fd_fdstat_set_rights": "iII",
    "fd_filestat_set_size": "iI",
    "fd_filestat_set_times": "iIIi",
    "fd_seek": "iIii",
    "path_filestat_set_times": "iiiiIIi",
    "path_link": "iiiiiii",
    "path_open": "iiiiiIIii",
}

PREVIEW_1: Final[Mapping[str, WasmFunctionType]] = {
    name: WasmFunctionType(tuple(map(_WORDS.__getitem__, letters)), () if name == "proc_exit" else ("i32",))
    for name, letters in _PARAMETERS.items()
}
"""The types of all functions of preview 1, by name."""

_UNIT: Final = Struct("<I")
_TIME: Final = Struct("<Q")
# filetype (unknown), flags, rights, inheriting rights.
_FDSTAT: Final = Struct("<BxHxxxxQQ")
_READS: Final = 1 << 1
_WRITES: Final = 1 << 6
_FILESTAT_SIZE: Final = 64
# userdata; then by tag: for a clock its id, timeout, precision and flags.
_SUBSCRIPTION: Final = Struct("<QB7xI4xQQH6x")
_EVENT: Final = Struct("<QHB5xQH6x")
_ON_CLOCK: Final = 0
_ON_WRITE: Final = 2
_ABSOLUTE: Final = 1
_MOST_SUBSCRIPTIONS: Final = 4096
_CLOCKS: Final[Mapping[int, Callable[[], int]]] = {0: time.time_ns, 1: time.monotonic_ns}
_CPU_CLOCKS: Final = (2, 3)
_RANDOM_PIECE: Final = 1 << 20


def check_wasi_imports(imports: Iterable[tuple[str, str, WasmType]]) -> None:
    """Raise UnsupportedImport for a function that preview 1 does not have, or has with another type.

    Imports from other namespaces are not checked: use :func:`arora_core.guest_symbols.check_imports`.
    """
    for namespace, name, found in imports:
        if namespace != WASI_NAMESPACE:
            continue
        symbol = f"{namespace}.{name}"
        expected = PREVIEW_1.get(name)
        if expected is None:
            raise UnsupportedImport(f"imports {symbol}, which WASI preview 1 does not have", symbol=symbol)
        if found != expected:
            raise UnsupportedImport(f"imports {symbol} with type {found}, expected {expected}", symbol=symbol)


class Preview1:
    """The WASI functions of one guest. Create it, like :class:`LinearGuest`, before the guest is instantiated.

    Integers may arrive signed or unsigned. Functions return an errno of WASI; ``proc_exit`` raises Trap.
    Waiting and making random numbers count against the limits of the running calls (:mod:`arora_core.budget`), and
    raise LimitExceeded.
    """

    def __init__(self, guest: LinearGuest) -> None:
        self._guest = guest
        self._memory: LinearMemory | None = None
        self._open = {0, 1, 2}

    def attach(self, memory: LinearMemory) -> None:
        """Use the guest's memory. Until then, every pointer is out of bounds."""
        self._memory = memory

    def detach(self) -> None:
        """Release the reference to the memory."""
        self._memory = None

    def answer(self, name: str) -> Callable[..., int | None]:
        """Return the implementation of a function of ``PREVIEW_1``."""
        if name == FD_WRITE:
            return self._guest.answer_fd_write
        found: Callable[..., int | None] = getattr(self, f"_{name}", self._not_offered)
        return found

    def _not_offered(self, *_: int) -> int:
        return _ENOSYS

    # Arguments and environment: none.

    def _args_sizes_get(self, count_at: int, size_at: int) -> int:
        return self._put((count_at, _UNIT.pack(0)), (size_at, _UNIT.pack(0)))

    def _args_get(self, pointers_at: int, text_at: int) -> int:
        return _SUCCESS

    _environ_sizes_get = _args_sizes_get
    _environ_get = _args_get

    # Clocks and random numbers.

    def _clock_res_get(self, clock: int, at: int) -> int:
        return self._clock(clock) or self._put((at, _TIME.pack(1)))

    def _clock_time_get(self, clock: int, precision: int, at: int) -> int:
        return self._clock(clock) or self._put((at, _TIME.pack(_CLOCKS[clock]() & U64)))

    def _clock(self, clock: int) -> int:
        if clock in _CLOCKS:
            return _SUCCESS
        return _EBADF if clock in _CPU_CLOCKS else _EINVAL

    def _random_get(self, at: int, size: int) -> int:
        if not self._holds(at, size & U32):
            return _EFAULT
        current.charge(size & U32)
        end = (at & U32) + (size & U32)
        for piece_at in range(at & U32, end, _RANDOM_PIECE):
            current.check()
            self._put((piece_at, os.urandom(min(_RANDOM_PIECE, end - piece_at))))
        return _SUCCESS

    # Files: the three streams.

    def _fd_close(self, fd: int) -> int:
        if fd not in self._open:
            return _EBADF
        self._open.remove(fd)
        return _SUCCESS

    def _fd_fdstat_get(self, fd: int, at: int) -> int:
        rights = _WRITES if fd else _READS
        return self._if_open(fd) or self._put((at, _FDSTAT.pack(0, 0, rights, rights)))

    def _fd_filestat_get(self, fd: int, at: int) -> int:
        return self._if_open(fd) or self._put((at, bytes(_FILESTAT_SIZE)))

    def _fd_fdstat_set_flags(self, fd: int, flags: int) -> int:
        return _EBADF

    def _fd_prestat_get(self, fd: int, at: int) -> int:
        return _EBADF

    def _fd_prestat_dir_name(self, fd: int, at: int, size: int) -> int:
        return self._if_open(fd) or _ENOTDIR

    def _fd_seek(self, fd: int, offset: int, whence: int, at: int) -> int:
        return self._if_open(fd) or _ESPIPE

    def _fd_tell(self, fd: int, at: int) -> int:
        return self._if_open(fd) or _ESPIPE

    def _fd_read(self, fd: int, vectors_at: int, count: int, read_at: int) -> int:
        if fd or fd not in self._open:
            return _EBADF
        return self._put((read_at, _UNIT.pack(0)))

    def _if_open(self, fd: int) -> int:
        return _SUCCESS if fd in self._open else _EBADF

    # Waiting.

    def _sched_yield(self) -> int:
        time.sleep(0)
        return _SUCCESS

    def _poll_oneoff(self, subscriptions_at: int, events_at: int, count: int, happened_at: int) -> int:
        count &= U32
        if not 0 < count <= _MOST_SUBSCRIPTIONS:
            return _EINVAL
        size = count * _SUBSCRIPTION.size
        if self._memory is None or not self._holds(subscriptions_at, size):
            return _EFAULT
        if not self._holds(events_at, count * _EVENT.size) or not self._holds(happened_at, _UNIT.size):
            return _EFAULT
        asked = list(_SUBSCRIPTION.iter_unpack(self._memory.read(subscriptions_at & U32, size)))
        events = [self._stream_event(*each[:3]) for each in asked if each[1] != _ON_CLOCK]
        if not events:
            events = _slept(asked)
        written = b"".join(events)
        return self._put((events_at, written), (happened_at, _UNIT.pack(len(events))))

    def _stream_event(self, userdata: int, tag: int, fd: int) -> bytes:
        fits = fd in self._open and (fd > 0) == (tag == _ON_WRITE)
        return _EVENT.pack(userdata, _SUCCESS if fits else _EBADF, tag, 0, 0)

    # The end.

    def _proc_exit(self, code: int) -> None:
        code &= U32
        raise Trap(f"exited with code {code}", kind=TrapKind.EXIT, exit_code=code)

    # Memory.

    def _holds(self, at: int, size: int) -> bool:
        return self._memory is not None and (at & U32) + size <= self._memory.size()

    def _put(self, *parts: tuple[int, bytes]) -> int:
        if self._memory is None or not all(self._holds(at, len(data)) for at, data in parts):
            return _EFAULT
        for at, data in parts:
            self._memory.write(at & U32, data)
        return _SUCCESS


def _slept(asked: list[tuple[int, ...]]) -> list[bytes]:
    """Sleep until the first timeout of these subscriptions; return the events of those that are due."""
    events: list[bytes] = []
    due = []
    for userdata, tag, clock, timeout, _, flags in asked:
        now = _CLOCKS.get(clock)
        if now is None:
            events.append(_EVENT.pack(userdata, _EINVAL, tag, 0, 0))
        else:
            due.append((userdata, tag, now, timeout if flags & _ABSOLUTE else now() + timeout))
    while not events:
        sleep(min(then - now() for _, _, now, then in due))
        events = [_EVENT.pack(userdata, _SUCCESS, tag, 0, 0) for userdata, tag, now, then in due if then <= now()]
    return events
