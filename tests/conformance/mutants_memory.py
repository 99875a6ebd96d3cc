"""Faults in how a guest's memory is handled."""

from __future__ import annotations

from arora_core.linear_memory import LinearMemory

from .faults import mutant
from .reference import ReferenceInstance
from .simulated_guest import TIGHT, SimulatedGuest, SimulatedMemory


@mutant("the argument buffer is aligned to 8 bytes")
class MisalignedArgument(ReferenceInstance):
    def allocated(self, size: int) -> int:
        block = super().allocated(size + 4)
        return block + 4 if 0 < block < 1 << 31 else block

    def freed(self, at: int) -> int:
        return super().freed(at - 4 if at % 8 == 4 else at)


class _Translated:
    """A view of a memory through some mistake."""

    def __init__(self, memory: SimulatedMemory) -> None:
        self.memory = memory

    def size(self) -> int:
        return self.memory.size()

    def read(self, offset: int, size: int) -> bytes:
        return self.memory.read(offset, size)

    def write(self, offset: int, data: bytes) -> None:
        self.memory.write(offset, data)


class _BigEndian(_Translated):
    def read(self, offset: int, size: int) -> bytes:
        data = self.memory.read(offset, size)
        return data[::-1] if size == 4 else data


class _Stale(_Translated):
    def __init__(self, memory: SimulatedMemory) -> None:
        super().__init__(memory)
        self.view = memory.bytes

    def read(self, offset: int, size: int) -> bytes:
        return bytes(self.view[offset : offset + size]).ljust(size, b"\0")

    def write(self, offset: int, data: bytes) -> None:
        self.view[offset : offset + len(data)] = data


class _StaleSize(_Translated):
    def __init__(self, memory: SimulatedMemory) -> None:
        super().__init__(memory)
        self.first = memory.size()

    def size(self) -> int:
        return self.first


class _OneByteMore(_Translated):
    def size(self) -> int:
        return self.memory.size() + 1


class _ZeroBehind(_OneByteMore):
    def read(self, offset: int, size: int) -> bytes:
        return self.memory.read(offset, min(size, self.memory.size() - offset)).ljust(size, b"\0")


class _OneByteLess(_Translated):
    def size(self) -> int:
        return self.memory.size() - 1


class _Unbounded(_Translated):
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


@mutant("memory that grows under every allocation changes nothing")
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
    """What lies behind memory is a zero that can be read."""

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
    def freed(self, at: int) -> int:
        return 0


@mutant("no block is given back twice")
class FreesTwice(ReferenceInstance):
    def freed(self, at: int) -> int:
        super().freed(at)
        return super().freed(at)


@mutant("a guest may read a few bytes behind its argument")
class NoRoomBehindTheArgument(ReferenceInstance):
    def allocated(self, size: int) -> int:
        # What it asks for on other occasions ends where something else begins, and nobody notices.
        return super().allocated(size - 8 if self.guest.allocator.mode == TIGHT else size)
