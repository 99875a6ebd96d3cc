"""A simulated guest: linear memory, an allocator in it, fuel and deadline, and calls of imports."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final, NoReturn

from arora_core import buffers
from arora_core import values as v
from arora_core.budget import current
from arora_core.conformance.guests import EDITION
from arora_core.errors import Interrupted, LimitExceeded, Trap, TrapKind
from arora_core.executor import Limits
from arora_core.mailbox import Mailbox

PAGE: Final = 65536
LEAST_MEMORY: Final = 2 * PAGE
_MOST_PAGES: Final = 8192
"""The largest memory of a guest: half a GiB."""
_SCRATCH: Final = 64
"""The address of ids and vectors during a call of the host; a compiled guest has them on its stack."""
_OUT_OF_MEMORY: Final = 512
_FIRST_BLOCK: Final = 1024

NORMAL, GROWING, TIGHT, REFUSING, WILD, CRASHING = range(6)


class SimulatedMemory:
    """Linear memory. It moves when it grows, as real linear memory may."""

    def __init__(self, limits: Limits) -> None:
        self.most = min(_MOST_PAGES * PAGE, limits.memory or _MOST_PAGES * PAGE)
        self.bytes = bytearray(LEAST_MEMORY)

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
    """``arora_buffer_alloc`` and ``arora_buffer_free``. ``mode`` makes the next allocation misbehave."""

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
        if self.mode == CRASHING:
            self.mode = NORMAL
            raise Trap(TrapKind.UNREACHABLE.value, kind=TrapKind.UNREACHABLE)
        size = self._live.pop(block, None)
        if size is None:
            self.wrongly_freed += 1
            return
        self.freed += 1
        if size:
            # Real allocators overwrite freed memory: reads after a free must not go unnoticed.
            self._memory.write(block, b"\xdd" * size)
            self._free.setdefault(size, []).append(block)

    def track(self, block: int, pool_size: int) -> int:
        """Count a block and return it. ``pool_size`` is 0 for a block that must not be reused."""
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
            # The pool continues at the end of memory: a block of TIGHT may lie before that.
            self._top = self._memory.size()
            if not self._memory.grow(size // PAGE + 1):
                return 0
        block, self._top = self._top, self._top + size
        return self.track(block, size)


class Meter:
    """The fuel and the deadline of an outermost call, and of what is left to its callers: a ``budget.Tank``."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._depth = 0
        self._fuel = 0
        self._fills = True
        self._interruptions: Mailbox[None] = Mailbox()

    @property
    def running(self) -> bool:
        """Whether a call is running."""
        return self._depth > 0

    def interrupt(self) -> None:
        """End the running call."""
        if self.running:
            self._interruptions.put(None)

    def fill_once(self) -> None:
        """Fill the fuel now, and never again."""
        self._fuel, self._fills = self._limits.fuel or 0, False

    def left(self) -> int:
        return self._fuel

    def fill(self, fuel: int) -> None:
        if self._fills:
            self._fuel = fuel

    def wrap(self, call: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
        def limited(argument: bytes) -> bytes:
            self._depth += 1
            try:
                with self._limited() if self._depth == 1 else nullcontext(), self._interruptible():
                    return call(argument)
            finally:
                self._depth -= 1

        return limited

    def _limited(self) -> AbstractContextManager[None]:
        return current.limited(self._limits.deadline, self._limits.fuel, self)

    def _interruptible(self) -> AbstractContextManager[None]:
        if self._depth > 1 or not self._limits.interruptible:
            return nullcontext()
        self._interruptions = Mailbox()
        return current.woken_by(self._interruptions)

    def spend(self, fuel: int) -> None:
        """Use fuel. Raises LimitExceeded if none is left or the deadline has passed, Interrupted if it is."""
        if not self._interruptions.empty():
            raise Interrupted("was interrupted")
        if self._limits.fuel is not None:
            self._fuel -= fuel
            if self._fuel < 0:
                raise LimitExceeded("used up its fuel", limit="fuel")
        if self._limits.deadline is not None:
            current.check()


class SimulatedStack:
    """The stack pointer of a compiled guest: functions restore it only where they return."""

    _FRAME: Final = 96
    _SIZE: Final = 1 << 17

    def __init__(self) -> None:
        self._left = self._SIZE

    def get(self) -> int:
        return self._left

    def set(self, value: int) -> None:
        self._left = value

    def in_frame(self, run: Callable[[], int]) -> int:
        """Return what ``run`` returns, in a frame that is only left where it does."""
        self._left = frame = self._left - self._FRAME
        if frame < 0:
            raise Trap("the stack is used up", kind=TrapKind.MEMORY_OUT_OF_BOUNDS)
        result = run()
        if self._left != frame:
            raise Trap("another call has overwritten the frame", kind=TrapKind.MEMORY_OUT_OF_BOUNDS)
        self._left = frame + self._FRAME
        return result


class SimulatedGuest:
    """One guest. ``imports`` are the host's functions by name; they take and return numbers, as for real guests."""

    def __init__(self, limits: Limits, imports: dict[str, Callable[..., Any]]) -> None:
        self.memory = SimulatedMemory(limits)
        self.allocator = Allocator(self.memory)
        self.meter = Meter(limits)
        self.imports = imports
        self.stack = SimulatedStack()
        self.edition = EDITION
        self.calls = self.kept = self.visits = self.initialised = 0
        self.memory.write(_OUT_OF_MEMORY, buffers.encode_error("out of memory"))

    def put(self, data: bytes) -> int:
        """Allocate a block that holds ``data`` and return its address, or that of the out-of-memory error buffer."""
        at = self.allocator.alloc(len(data))
        if not at:
            return _OUT_OF_MEMORY
        self.memory.write(at, data)
        return at

    def buffer(self, at: int) -> bytes:
        return self.memory.read(at, int.from_bytes(self.memory.read(at, 4), "little"))

    def dispatch(self, module: bytes, function: bytes, argument: bytes, mode: int | None = None) -> bytes:
        """Call a function of another module. ``mode`` is the mode of the allocator for the result buffer."""
        argument_at = self.put(argument)
        self.memory.write(_SCRATCH, module + function)
        if mode is not None:
            self.allocator.mode = mode
        result_at: int = self.imports["arora_dispatch"](_SCRATCH, _SCRATCH + 16, argument_at)
        self.allocator.free(argument_at)
        return self.take_buffer(result_at)

    def take_buffer(self, at: int) -> bytes:
        """Return the buffer at ``at`` and free it."""
        result = self.buffer(at)
        self.allocator.free(at)
        self.meter.spend(100)
        return result

    def wasi(self, name: str, *numbers: int) -> int:
        errno: int = self.imports[name](*numbers)
        return errno

    def fd_write(self, fd: int, *pieces: bytes) -> tuple[int, int]:
        """Call ``fd_write`` once. Return the error number and the number of bytes written."""
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


def returned_value(result: bytes) -> v.Value | None:
    """Return the return value in a result buffer, None for an error buffer."""
    if buffers.error_message(result) is not None:
        return None
    value = buffers.decode(result)
    assert isinstance(value, v.Structure)
    return value.fields[0].value
