"""The memory that a host and its worker share, and how each tells the other that there is a message.

Exactly one of the two runs at any time; the other sleeps in a pipe. Linux wakes who sleeps there on the processor of
the writer. Events (``eventfd``) were tried: with them, the two at times settle on two processors, and a call takes
three times as long. So was looking for messages for a while before sleeping: it halves the time of a call on an idle
machine, and makes it five times as long on a busy one.
"""

from __future__ import annotations

import ctypes
import fcntl
import mmap
import os
from ctypes import c_char, c_int, c_long, c_size_t, c_void_p
from enum import IntEnum
from struct import Struct
from typing import Any, Final

CONTROL: Final = mmap.ALLOCATIONGRANULARITY
"""Bytes of shared memory before those of arguments and results."""
FIRST_ROOM: Final = 1 << 20
"""Bytes for arguments and results at first. They take memory once they are written to."""
_FURTHER: Final = 1 << 16
MESSAGE: Final = Struct("<IIQQ")
"""The kind of a message, a number, and an offset and a size in the room for arguments and results."""
STAGE_AT: Final = 64
"""What the worker does, a byte."""
RECORD_AT: Final = 128
"""What a crash leaves behind (:mod:`.crash_record`)."""

Message = tuple[int, int, int, int]


class Kind(IntEnum):
    """The kinds of messages."""

    # To the worker.
    LOAD = 1
    CALL = 2
    BATCH = 3
    ANSWER = 4
    RAISED = 5
    UNLOAD = 6
    # To the host. The first three end a call.
    RESULT = 10
    FAILED = 11
    HOST_FAILED = 12
    DISPATCH = 13
    INDIRECT = 14


class Stage(IntEnum):
    """What the worker does, as far as it says whose fault a crash is."""

    GUEST = 0
    READING = 1
    """It reads from where the guest has pointed to."""
    OUT_OF_MEMORY = 2
    """It has ended because it had no memory left itself."""
    FAILED = 3
    """It has ended because it could not go on, as where the guest has closed its descriptors."""


def reserved(size: int) -> int:
    """Return the bytes of room that an argument takes: guests may read up to 8 bytes past its end."""
    return (size + 23) & ~15


def shared_memory() -> int:
    """Return a descriptor of new shared memory, which can grow and cannot shrink."""
    memory = os.memfd_create("arora-calls", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(memory, CONTROL + FIRST_ROOM)
    # A file that shrinks would crash whoever reads from it.
    fcntl.fcntl(memory, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK)
    return memory


class Channel:
    """What both ends have."""

    control: Any
    room: Any
    """Where arguments and results are. A larger one replaces it when needed."""

    def __init__(self, memory: int) -> None:
        self.memory = memory
        self.control = self.mapped(CONTROL, 0)
        self.size = os.fstat(memory).st_size - CONTROL
        self.room = self.mapped(self.size, CONTROL)

    def mapped(self, size: int, offset: int) -> Any:
        """Return a part of the memory, writable. Raises OSError."""
        raise NotImplementedError

    def require(self, end: int) -> None:
        """Make the room at least ``end`` bytes large. Raises OSError where there is not enough memory."""
        if end <= self.size:
            return
        if end > os.fstat(self.memory).st_size - CONTROL:
            size = -(-max(end, 2 * self.size) // _FURTHER) * _FURTHER
            os.ftruncate(self.memory, CONTROL + size)
        self.follow(end)

    def follow(self, end: int) -> None:
        """Map the room if the other end has made it ``end`` bytes large. Raises OSError, ValueError if it has not."""
        if end <= self.size:
            return
        size = os.fstat(self.memory).st_size - CONTROL
        if end > size:
            raise ValueError(f"the room has {size} bytes, not {end}")
        self.room, self.size = self.mapped(size, CONTROL), size


class HostEnd(Channel):
    """The end of a host."""

    def __init__(self) -> None:
        super().__init__(shared_memory())
        # Kept open, so that writing cannot fail.
        self._worker_reads, self._wakes_worker = os.pipe()
        self.wakes_host, self._worker_writes = os.pipe()

    def mapped(self, size: int, offset: int) -> mmap.mmap:
        # It is unmapped when nobody refers to it any more.
        return mmap.mmap(self.memory, size, offset=offset)

    def worker_descriptors(self) -> list[int]:
        """Return what :class:`WorkerEnd` takes."""
        return [self.memory, self._worker_reads, self._worker_writes]

    def started(self) -> None:
        """Close what the worker alone needs, so that the pipe ends with it. Idempotent."""
        writes, self._worker_writes = self._worker_writes, -1
        if writes >= 0:
            os.close(writes)

    def send(self, kind: int, number: int = 0, offset: int = 0, size: int = 0) -> None:
        """Send a message. It is lost if the worker has ended."""
        MESSAGE.pack_into(self.control, 0, kind, number, offset, size)
        os.write(self._wakes_worker, b"\0")

    def message(self) -> Message:
        """Return the message that has arrived."""
        return MESSAGE.unpack_from(self.control, 0)

    def keep(self, most: int) -> None:
        """Give the memory of the room beyond its first ``most`` bytes back to the system."""
        if self.size > most:
            self.room.madvise(mmap.MADV_REMOVE, most, self.size - most)

    def close(self) -> None:
        """Close the descriptors. Idempotent."""
        self.started()
        memory, self.memory = self.memory, -1
        if memory >= 0:
            for each in (memory, self._worker_reads, self._wakes_worker, self.wakes_host):
                os.close(each)


class WorkerEnd(Channel):
    """The end of a worker."""

    def __init__(self, memory: int, wakes_worker: int, wakes_host: int) -> None:
        self._wakes_worker, self._wakes_host = wakes_worker, wakes_host
        self._maps: list[tuple[int, int]] = []
        self.address = 0
        """Where the room begins."""
        self.grown = False
        """Whether there are rooms that were too small."""
        super().__init__(memory)
        del self._maps[0]
        self.grown = False

    def mapped(self, size: int, offset: int) -> memoryview:
        # Not by ``mmap``, which keeps a descriptor open for each mapping, under a number that guests may use.
        address = _mmap(None, size, mmap.PROT_READ | mmap.PROT_WRITE, mmap.MAP_SHARED, self.memory, offset)
        if address == _MAP_FAILED:
            raise OSError("there is not enough memory")
        self.address, self.grown = address, True
        self._maps.append((address, size))
        return memoryview((c_char * size).from_address(address)).cast("B")

    def send(self, kind: int, number: int = 0, offset: int = 0, size: int = 0) -> None:
        """Send a message."""
        MESSAGE.pack_into(self.control, 0, kind, number, offset, size)
        os.write(self._wakes_host, b"\0")

    def receive(self) -> Message:
        """Wait for a message, and return it."""
        os.read(self._wakes_worker, 1)
        return MESSAGE.unpack_from(self.control, 0)

    def require(self, end: int) -> None:
        """Make the room at least ``end`` bytes large. Raises MemoryError."""
        if end > self.size:
            try:
                super().require(end)
            except OSError:
                raise MemoryError from None

    def forget_old(self) -> None:
        """Unmap the rooms that were too small. Arguments of running calls may lie in them."""
        while len(self._maps) > 1:
            _munmap(*self._maps.pop(0))
        self.grown = False


_MAP_FAILED: Final = (1 << 8 * ctypes.sizeof(c_void_p)) - 1
_mmap: Final = ctypes.PyDLL(None).mmap
_mmap.restype = c_void_p
_mmap.argtypes = [c_void_p, c_size_t, c_int, c_int, c_int, c_long]
_munmap: Final = ctypes.PyDLL(None).munmap
_munmap.argtypes = [c_void_p, c_size_t]
