"""Faults in access to a guest's memory."""

from __future__ import annotations

from arora_core.linear_memory import LinearMemory

from .faults import mutant
from .reference import ReferenceInstance
from .simulated_guest import TIGHT, SimulatedGuest, SimulatedMemory


@mutant("the argument buffer is aligned to 8 bytes")
class MisalignedArgument(ReferenceInstance):
    def allocate(self, size: int) -> int:
        block = super().allocate(size + 4)
        return block + 4 if 0 < block < 1 << 31 else block

    def free(self, at: int) -> int:
        return super().free(at - 4 if at % 8 == 4 else at)


class _DelegatingMemory:
    """Delegates to a memory. Subclasses add a fault."""

    def __init__(self, memory: SimulatedMemory) -> None:
        self.memory = memory

    def size(self) -> int:
        return self.memory.size()

    def read(self, offset: int, size: int) -> bytes:
        return self.memory.read(offset, size)

    def write(self, offset: int, data: bytes) -> None:
        self.memory.write(offset, data)


class _BigEndian(_DelegatingMemory):
    def read(self, offset: int, size: int) -> bytes:
        data = self.memory.read(offset, size)
        return data[::-1] if size == 4 else data


class _Stale(_DelegatingMemory):
    def __init__(self, memory: SimulatedMemory) -> None:
        super().__init__(memory)
        self.view = memory.bytes

    def read(self, offset: int, size: int) -> bytes:
        return bytes(self.view[offset : offset + size]).ljust(size, b"\0")

    def write(self, offset: int, data: bytes) -> None:
        self.view[offset : offset + len(data)] = data


class _StaleSize(_DelegatingMemory):
    def __init__(self, memory: SimulatedMemory) -> None:
        super().__init__(memory)
        self.first = memory.size()

    def size(self) -> int:
        return self.first


class _OneByteMore(_DelegatingMemory):
    def size(self) -> int:
        return self.memory.size() + 1


class _ZeroBehind(_OneByteMore):
    def read(self, offset: int, size: int) -> bytes:
        return self.memory.read(offset, min(size, self.memory.size() - offset)).ljust(size, b"\0")


class _OneByteLess(_DelegatingMemory):
    def size(self) -> int:
        return self.memory.size() - 1


class _Unbounded(_DelegatingMemory):
    def size(self) -> int:
        return 1 << 33

    def read(self, offset: int, size: int) -> bytes:
        return bytes(self.memory.bytes[offset : offset + min(size, 1 << 20)]).ljust(min(size, 1 << 20), b"\0")

    def write(self, offset: int, data: bytes) -> None:
        if offset + len(data) <= self.memory.size():
            self.memory.write(offset, data)


@mutant("a function is called with its arguments", everywhere=True)
class BigEndianSizePrefix(ReferenceInstance):
    def memory_of(self, guest: SimulatedGuest) -> LinearMemory:
        return _BigEndian(guest.memory)


@mutant("memory that grows under every allocation changes nothing", max_others=22)
class StaleViewAfterGrowth(ReferenceInstance):
    def memory_of(self, guest: SimulatedGuest) -> LinearMemory:
        return _Stale(guest.memory)


@mutant("memory that grows under every allocation changes nothing")
class StaleSizeAfterGrowth(ReferenceInstance):
    def memory_of(self, guest: SimulatedGuest) -> LinearMemory:
        return _StaleSize(guest.memory)


@mutant("an answer outside of memory is a trap")
class SizeCheckOneTooHigh(ReferenceInstance):
    def memory_of(self, guest: SimulatedGuest) -> LinearMemory:
        return _OneByteMore(guest.memory)


@mutant("an answer outside of memory is a trap")
class SizeCheckOneTooHighBeforeZeros(ReferenceInstance):
    """The bytes beyond memory can be read, and are zero."""

    def memory_of(self, guest: SimulatedGuest) -> LinearMemory:
        return _ZeroBehind(guest.memory)


@mutant("an answer may end with the last byte of memory")
class SizeCheckOneTooLow(ReferenceInstance):
    def memory_of(self, guest: SimulatedGuest) -> LinearMemory:
        return _OneByteLess(guest.memory)


@mutant("a dispatch with pointers outside of memory is a trap")
class NoBoundsChecks(ReferenceInstance):
    def memory_of(self, guest: SimulatedGuest) -> LinearMemory:
        return _Unbounded(guest.memory)


@mutant("a call gives back its argument and its result")
class NeverFrees(ReferenceInstance):
    def free(self, at: int) -> int:
        return 0


@mutant("no block is given back twice")
class FreesTwice(ReferenceInstance):
    def free(self, at: int) -> int:
        super().free(at)
        return super().free(at)


@mutant("a guest may read a few bytes behind its argument")
class NoRoomBehindTheArgument(ReferenceInstance):
    def allocate(self, size: int) -> int:
        # In other modes the block is followed by other memory, and reading behind it is not noticed.
        return super().allocate(size - 8 if self.guest.allocator.mode == TIGHT else size)
