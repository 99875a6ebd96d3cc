"""Who may still run the code of a library: what unloading it would take the ground from.

Threads are found by where they are and by the return addresses on their stacks, signal handlers and destructors of
thread-specific data (``pthread_key_create``) by their addresses. Destructors of C++'s ``thread_local`` and handlers
of ``atexit`` are not looked for: the C library does not unload what they need, or runs them before. All this is read
from the files of Linux below ``/proc/self``. On other systems nothing is found.
"""

from __future__ import annotations

import ctypes
import os
import signal
import threading
import time
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from arora_core.errors import MalformedExecutable

from .elf import PT_LOAD, Elf
from .opening import OUR_FILES
from .return_addresses import LOOK_BEHIND, THIS

_TASKS: Final = Path("/proc/self/task")
_WORD: Final = ctypes.sizeof(ctypes.c_void_p)
_CODE: Final = "L" if ctypes.sizeof(ctypes.c_ulong) == _WORD else "Q"
_PAUSES: Final = (0.0, 0.001, 0.002, 0.004, 0.008, 0.016)
"""Seconds to wait before each look: threads that are about to end, or to wait, get the time to do so."""
_PATIENCE: Final = 0.5
"""Seconds to wait in all for threads that are running: only a thread at rest can be looked at."""
_POLL: Final = 0.0005
_SIGACTION_SIZE: Final = 256
"""More than any platform's ``struct sigaction``, which begins with the handler."""
_LIBC: Final = ("libc.", "libc-", "libpthread", "ld-musl")
_RUNNING: Final = ["running"]
_NO_FILE: Final = "0"
"""The inode of regions that no file is mapped to."""
_PINNED: Final[set[tuple[str, str]]] = set()
"""Files of libraries that are never unloaded."""


class Region(NamedTuple):
    """A line of ``/proc/self/maps``."""

    start: int
    end: int
    permissions: str
    file: tuple[str, str]
    """Device and inode."""
    path: str


def regions() -> Iterator[Region]:
    """Yield the mapped regions of this process, by address; none where the system does not tell."""
    with suppress(FileNotFoundError), open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as maps:
        for line in maps.read().splitlines():
            addresses, permissions, _, device, inode, *path = line.split(maxsplit=5)
            start, end = addresses.split("-")
            yield Region(int(start, 16), int(end, 16), permissions, (device, inode), path[0] if path else "")


def user_of(address: int) -> str | None:
    """Return who may still run the code of the library that is loaded at an address, None for nobody.

    Other libraries whose code is in use are never unloaded from now on: a library that this one needs, such as the
    runtime of OpenMP, may have started threads.
    """
    until = time.monotonic() + _PATIENCE
    for pause in _PAUSES:
        if pause:
            time.sleep(pause)
        mapped = list(regions())
        own = _at(mapped, address)
        if own is None:
            return None
        try:
            users = _users(mapped, until)
        except OSError as error:
            return f"threads, which cannot be looked at ({error}),"
        user = users.pop(own.file, None) or users.pop(_UNKNOWN, None) or _pin(mapped, users)
        if user is None:
            return None
    return user


def file_at(address: int) -> tuple[str, str] | None:
    """Return device and inode of the file that is mapped at an address, None if that is unknown."""
    region = _at(regions(), address)
    return None if region is None else region.file


_UNKNOWN: Final = ("", "")
"""Stands for every file: what a thread runs that cannot be looked at."""


class _Code:
    """The code of this process: its mapped regions, and its memory as a file."""

    def __init__(self, mapped: list[Region], memory: int) -> None:
        self.mapped, self.memory = mapped, memory
        self._regions = [region for region in mapped if "x" in region.permissions]
        self._starts = [region.start for region in self._regions]

    def at(self, word: int) -> Region | None:
        """Return the region that a word is an address in, None if there is none."""
        region = self._regions[bisect_right(self._starts, word) - 1]
        return region if region.start <= word < region.end else None

    def returned_to(self, words: Iterable[int]) -> list[int]:
        """Return the words of a stack by which its thread may come back to code."""
        first, end = self._starts[0], self._regions[-1].end
        addresses = [word for word in words if first <= word < end and self.at(word)]
        # A signal's handler returns to where its thread was interrupted, which may be any instruction.
        if THIS is None or any(self._read(word, len(THIS.sigreturn)) == THIS.sigreturn for word in addresses):
            return addresses
        return [word for word in addresses if THIS.is_call(self._read(word - LOOK_BEHIND, LOOK_BEHIND))]

    def _read(self, start: int, size: int) -> bytes:
        try:
            return os.pread(self.memory, size, start)
        except OSError:
            return b""


def _users(mapped: list[Region], until: float) -> dict[tuple[str, str], str]:
    """Return who uses the code of which file, having waited for running threads at most until a time."""
    users: dict[tuple[str, str], str] = {}
    with open("/proc/self/mem", "rb", buffering=0) as memory:
        code = _Code(mapped, memory.fileno())
        for user, words in _addresses(code, until):
            if words is None:
                users[_UNKNOWN] = user
            for region in map(code.at, words or ()):
                if region is not None and region.file[1] != _NO_FILE:
                    users.setdefault(region.file, user)
    return users


def _addresses(code: _Code, until: float) -> Iterator[tuple[str, Iterable[int] | None]]:
    """Yield who keeps which addresses, None where that is unknown."""
    python = {thread.native_id for thread in threading.enumerate()} | {threading.get_native_id()}
    for task in sorted(_TASKS.iterdir()):
        # Threads of Python run no guest while the engine closes one.
        if int(task.name) not in python:
            yield from _stack(task, code, until)
    for region in _data_of_libc(code.mapped):
        yield "a destructor of thread-specific data", _words(code.memory, region.start, region.end)
    yield from _signal_handlers()


def _data_of_libc(mapped: list[Region]) -> Iterator[Region]:
    """Yield the regions of the C library's variables, the last one only as far as they reach.

    The system shows the zeroed variables at the end and memory of Python that lies directly behind as one region.
    """
    first: dict[str, Region] = {}
    for region, behind in zip(mapped, [*mapped[1:], None], strict=True):
        if not os.path.basename(region.path).startswith(_LIBC):
            continue
        start = first.setdefault(region.path, region).start
        if "w" in region.permissions:
            yield region
            end = start + _size_in_memory(region.path)
            if behind is not None and not behind.path and behind.start == region.end < end:
                yield behind._replace(end=min(behind.end, end))


@cache
def _size_in_memory(path: str) -> int:
    """Return the bytes that a library takes in memory, its zeroed variables included; 0 where it cannot be read."""
    try:
        segments = [each for each in Elf(Path(path).read_bytes()).segments if each.type == PT_LOAD]
    except (OSError, MalformedExecutable):
        return 0
    return max((each.address + each.memory_size for each in segments), default=0)


def _stack(task: Path, code: _Code, until: float) -> Iterator[tuple[str, Iterable[int] | None]]:
    try:
        name = (task / "comm").read_text(errors="backslashreplace").strip()
        state = _state(task)
        while state == _RUNNING and time.monotonic() < until:
            time.sleep(_POLL)
            state = _state(task)
    except ProcessLookupError:
        return
    except OSError:
        name, state = "", []
        if not task.exists():
            return
    user = f"thread {task.name} ({name})"
    if len(state) < 3:
        yield user, None
        return
    pointer, instruction = (int(word, 16) for word in state[-2:])
    region = _at(code.mapped, pointer)
    stack = _words(code.memory, pointer & -_WORD, region.end) if region else ()
    yield user, [instruction, *code.returned_to(stack)]


def _state(task: Path) -> list[str]:
    return (task / "syscall").read_text().split()


def _words(memory: int, start: int, end: int) -> array[int]:
    """Return the words in a range of this process's memory, which may be unmapped meanwhile."""
    words = array(_CODE)
    with suppress(OSError):
        read = os.pread(memory, end - start, start)
        words.frombytes(read[: len(read) // _WORD * _WORD])
    return words


def _signal_handlers() -> Iterator[tuple[str, Iterable[int]]]:
    sigaction, action = ctypes.CDLL(None).sigaction, (ctypes.c_size_t * (_SIGACTION_SIZE // _WORD))()
    for number in range(1, signal.NSIG):
        if sigaction(number, None, ctypes.byref(action)) == 0:
            yield f"a handler of signal {number}", (action[0],)


def _at(mapped: Iterable[Region], address: int) -> Region | None:
    return next((region for region in mapped if region.start <= address < region.end), None)


def _pin(mapped: list[Region], users: dict[tuple[str, str], str]) -> str | None:
    """Keep libraries loaded that are in use; return the user of one that cannot be found any more, None for nobody."""
    user = None
    for region in mapped:
        if region.file in users and region.file not in _PINNED:
            try:
                # Only counted: a library that is not loaded is not loaded by this either.
                ctypes.CDLL(region.path, mode=os.RTLD_NOLOAD | os.RTLD_NODELETE | os.RTLD_NOW)
            except OSError:
                if region.path.endswith(" (deleted)") and OUR_FILES not in region.path:
                    user = users[region.file]
                    continue
            _PINNED.add(region.file)
    return user
