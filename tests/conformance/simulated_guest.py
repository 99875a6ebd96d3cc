"""The machine of a guest that is simulated in Python: linear memory, an allocator in it, a meter, and its imports."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any, Final, NoReturn

from arora_core import buffers
from arora_core import values as v
from arora_core.errors import LimitExceeded, Trap, TrapKind
from arora_core.executor import Limits

PAGE: Final = 65536
_MOST_PAGES: Final = 8192
"""Half a gigabyte is as much as this machine has."""
_SCRATCH: Final = 64
"""Where the guest's stack would be: ids and vectors stand here while a host looks at them."""
_OUT_OF_MEMORY: Final = 512
_FIRST_BLOCK: Final = 1024

NORMAL, GROWING, TIGHT, REFUSING, WILD = range(5)


class SimulatedMemory:
    """Linear memory. Growing moves it, as it may anywhere."""

    def __init__(self, limits: Limits) -> None:
        self.most = min(_MOST_PAGES * PAGE, limits.memory or _MOST_PAGES * PAGE)
        self.bytes = bytearray(2 * PAGE)

    def size(self) -> int:
        return len(self.bytes)

    def read(self, offset: int, size: int) -> bytes:
        assert 0 <= offset <= offset + size <= len(self.bytes), "the protocol reads outside of memory"
        return bytes(self.bytes[offset : offset + size])

    def write(self, offset: int, data: bytes) -> None:
        assert 0 <= offset <= offset + len(data) <= len(self.bytes), "the protocol writes outside of memory"
        self.bytes[offset : offset + len(data)] = data

    def grow(self, pages: int) -> bool:
        if len(self.bytes) + pages * PAGE > self.most:
            return False
        self.bytes = self.bytes + bytes(pages * PAGE)
        return True


class Allocator:
    """``arora_buffer_alloc`` and ``arora_buffer_free``, which count, and misbehave when they are told to."""

    def __init__(self, memory: SimulatedMemory) -> None:
        self._memory = memory
        self._live: dict[int, int] = {}
        self._free: dict[int, list[int]] = {}
        self._top = _FIRST_BLOCK
        self.mode = NORMAL
        self.allocated = self.freed = self.wrongly_freed = 0

    def counts(self) -> list[int]:
        return [len(self._live), self.allocated, self.freed, self.wrongly_freed]

    def alloc(self, size: int) -> int:
        mode = self.mode
        if mode != GROWING:
            self.mode = NORMAL
        if mode == REFUSING:
            return 0
        if mode == WILD:
            return 0xFFFF_FFF0
        if mode == TIGHT:
            if not self._memory.grow(size // PAGE + 1):
                return 0
            return self.track((self._memory.size() - size) & ~7, 0)
        if mode == GROWING:
            self._memory.grow(1)
        return self._from_pool(size)

    def free(self, block: int) -> None:
        if block in (0, _OUT_OF_MEMORY):
            return
        size = self._live.pop(block, None)
        if size is None:
            self.wrongly_freed += 1
            return
        self.freed += 1
        if size:
            # A real allocator writes into what it gets back: whoever reads it afterwards shall see that.
            self._memory.write(block, b"\xdd" * size)
            self._free.setdefault(size, []).append(block)

    def track(self, block: int, pool_size: int) -> int:
        """Counts a block; ``pool_size`` is 0 for one that must not go to the pool."""
        self.allocated += 1
        self._live[block] = pool_size
        return block

    def _from_pool(self, size: int) -> int:
        size = max(8, (size + 7) & ~7)
        unused = self._free.get(size)
        if unused:
            return self.track(unused.pop(), size)
        beyond = self._top + size - self._memory.size()
        if beyond > 0:
            # What lies between may be a block at the end of memory that TIGHT gave: the pool goes on behind it.
            self._top = self._memory.size()
            if not self._memory.grow(size // PAGE + 1):
                return 0
        block, self._top = self._top, self._top + size
        return self.track(block, size)


class Meter:
    """Fuel and time of one outermost call."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._depth = 0
        self._fuel = 0
        self._until = 0.0
        self._fills = True

    def fill_once(self) -> None:
        """Leaves it at the fuel there is now."""
        self._fuel, self._fills = self._limits.fuel or 0, False

    def around(self, call: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
        def metered(argument: bytes) -> bytes:
            if self._depth == 0:
                self._fuel = (self._limits.fuel or 0) if self._fills else self._fuel
                self._until = monotonic() + (self._limits.deadline or 0)
            self._depth += 1
            try:
                return call(argument)
            finally:
                self._depth -= 1

        return metered

    def spend(self, fuel: int) -> None:
        """Raises LimitExceeded when there is no more."""
        self._fuel -= fuel
        if self._limits.fuel is not None and self._fuel < 0:
            raise LimitExceeded("used up its fuel", limit="fuel")
        if self._limits.deadline is not None and monotonic() > self._until:
            raise LimitExceeded("ran longer than its deadline", limit="deadline")


class SimulatedGuest:
    """One guest. ``imports`` are the host's functions by name, with pointers for arguments, as a guest calls them."""

    def __init__(self, limits: Limits, imports: dict[str, Callable[..., Any]]) -> None:
        self.memory = SimulatedMemory(limits)
        self.allocator = Allocator(self.memory)
        self.meter = Meter(limits)
        self.imports = imports
        self.calls = self.kept = self.visits = self.initialised = 0
        self.memory.write(_OUT_OF_MEMORY, buffers.encode_error("out of memory"))

    def put(self, data: bytes) -> int:
        """A block that holds ``data``, or the buffer that says there is no memory."""
        at = self.allocator.alloc(len(data))
        if not at:
            return _OUT_OF_MEMORY
        self.memory.write(at, data)
        return at

    def buffer(self, at: int) -> bytes:
        return self.memory.read(at, int.from_bytes(self.memory.read(at, 4), "little"))

    def dispatch(self, module: bytes, function: bytes, argument: bytes, mode: int | None = None) -> bytes:
        """Calls another module; ``mode`` is the allocator's for the answer."""
        argument_at = self.put(argument)
        self.memory.write(_SCRATCH, module + function)
        if mode is not None:
            self.allocator.mode = mode
        answer_at: int = self.imports["arora_dispatch"](_SCRATCH, _SCRATCH + 16, argument_at)
        self.allocator.free(argument_at)
        return self.taken(answer_at)

    def taken(self, at: int) -> bytes:
        """The buffer at ``at``, which is given back."""
        answer = self.buffer(at)
        self.allocator.free(at)
        self.meter.spend(100)
        return answer

    def wasi(self, name: str, *numbers: int) -> int:
        errno: int = self.imports[name](*numbers)
        return errno

    def written(self, fd: int, *pieces: bytes) -> tuple[int, int]:
        """One ``fd_write``: the error number, and how many bytes were written."""
        blocks = [self.put(piece or b"\0") for piece in pieces]
        vectors = b"".join(
            block.to_bytes(4, "little") + len(piece).to_bytes(4, "little")
            for block, piece in zip(blocks, pieces, strict=True)
        )
        self.memory.write(_SCRATCH, bytes(4) + vectors)
        errno = self.wasi("fd_write", fd, _SCRATCH + 4, len(pieces), _SCRATCH)
        for block in blocks:
            self.allocator.free(block)
        return errno, int.from_bytes(self.memory.read(_SCRATCH, 4), "little")

    def trap(self, kind: TrapKind) -> NoReturn:
        raise Trap(kind.value, kind=kind)


def answered(result: bytes) -> v.Value | None:
    """What a call result returns, None for an error buffer."""
    if buffers.error_message(result) is not None:
        return None
    value = buffers.decode(result)
    assert isinstance(value, v.Structure)
    return value.fields[0].value
