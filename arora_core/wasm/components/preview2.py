"""WASI 0.2 for components, as core functions (the canonical ABI's lowered form).

A guest gets clocks, random numbers, an empty stdin, and stdout and stderr that go to its host. It gets no arguments,
environment, directories or network. The promises are those of :mod:`arora_core.wasm.wasi`: what waits ends at the
deadline, and random numbers and output cost fuel.

A function takes the core parameters, and last, where its result is larger than a core value, the address to write it
to. So each result is written here as the bytes that it has in memory.

The interfaces: https://github.com/WebAssembly/WASI/tree/main/proposals; layouts:
https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from struct import Struct, unpack
from typing import Final

from ...budget import current
from ...errors import Trap, TrapKind
from ..guest_interface import U32, U64, Export, LinearMemory
from ..host_calls import MOST_LINES
from ..linear_memory import LinearGuest
from ..waiting import sleep
from .component_plan import Dropped, Lowered
from .world import interface_name

STDIN, STDOUT, STDERR = 1, 2, 3
"""Handles of the streams. Handles of pollables follow."""
_FIRST_POLLABLE: Final = 8
_MOST_POLLABLES: Final = 1 << 16
_READY: Final = 0

_U32: Final = Struct("<I")
_U64: Final = Struct("<Q")
_TIME: Final = Struct("<QIxxxx")
_LIST: Final = Struct("<II")
_EMPTY: Final = _LIST.pack(8, 0)
"""A list without items. Its address is none that Rust takes for null."""
_DONE: Final = bytes(1)
"""``ok`` without a value; also ``none``."""
_CLOSED: Final = b"\1\0\0\0\1"
"""``err(closed)`` of a stream, where what ``ok`` has is aligned to 4 bytes at most."""
_CLOSED_64: Final = b"\1\0\0\0\0\0\0\0\1"
"""``err(closed)`` of a stream, where ``ok`` has a u64."""
_DENIED: Final = b"\1\0\0\0\1"
"""``err(access-denied)`` of sockets."""
_ACCEPTED: Final = 1 << 16
"""Bytes that an output stream takes at a time."""
_MOST_RANDOM: Final = 1 << 26
_NANOSECONDS: Final = 1_000_000_000


@dataclass(frozen=True)
class ResultPlace:
    """Where one lowered function has its results: the memory, and what allocates in it, if it has any."""

    memory: LinearMemory | None
    bytes: Export | None = None
    """Allocates so many bytes, for items that need no alignment."""
    words: Export | None = None
    """Allocates so many bytes, for items of 4 bytes."""


Answer = Callable[..., int]


@dataclass
class Preview2:
    """The WASI functions of one component."""

    guest: LinearGuest
    _pollables: dict[int, int] = field(default_factory=dict)
    _next: int = _FIRST_POLLABLE

    def answer(self, lowered: Lowered, to: ResultPlace) -> Answer:
        """Return the implementation of a function, which takes its core parameters.

        It raises Trap for what is not granted.
        """
        interface, _ = interface_name(lowered.interface)
        make = _FUNCTIONS.get((interface, lowered.name))
        if make is None:
            return _not_granted(f"{lowered.interface}.{lowered.name}")
        return make(self, to)

    def drop(self, dropped: Dropped) -> Answer:
        """Return the function that gives a resource up."""

        def drop(handle: int) -> int:
            if dropped.name == "pollable":
                self._pollables.pop(handle & U32, None)
            return 0

        return drop

    # Pollables: the time, in nanoseconds of the monotonic clock, from which on they are ready.

    def pollable(self, ready_at: int) -> int:
        """Return the handle of a new pollable."""
        if len(self._pollables) >= _MOST_POLLABLES:
            raise Trap(f"has {_MOST_POLLABLES} pollables, which is the most", kind=TrapKind.OTHER)
        handle, self._next = self._next, self._next % U32 + 1
        while self._next in self._pollables or self._next < _FIRST_POLLABLE:
            self._next = self._next % U32 + 1
        self._pollables[handle] = ready_at
        return handle

    def ready_at(self, handle: int) -> int:
        """Return the time at which a pollable is ready. Raises Trap for a handle that is none."""
        found = self._pollables.get(handle & U32)
        if found is None:
            raise Trap(f"passed {handle & U32}, which is no handle of a pollable", kind=TrapKind.ABI)
        return found

    def write(self, stream: int, text: bytes) -> None:
        """Write to stdout or stderr. Raises Trap for more than the stream said that it takes."""
        stream &= U32
        if stream not in (STDOUT, STDERR):
            raise Trap(f"passed {stream}, which is no handle of an output stream", kind=TrapKind.ABI)
        if len(text) > _ACCEPTED:
            raise Trap(f"wrote {len(text)} bytes, more than the stream said that it takes", kind=TrapKind.ABI)
        lines = text.splitlines(keepends=True)
        for first in range(0, len(lines), MOST_LINES):
            current.check()
            self.guest.write_output(1 if stream == STDOUT else 2, b"".join(lines[first : first + MOST_LINES]))


def _not_granted(what: str) -> Answer:
    def refuse(*_: int) -> int:
        raise Trap(f"called {what}, which is not granted to it", kind=TrapKind.OTHER)

    return refuse


def _read(memory: LinearMemory | None, at: int, size: int) -> bytes:
    at, size = at & U32, size & U32
    if memory is None or at + size > memory.size():
        raise Trap(f"passed {size} bytes at {at:#x}, outside of its memory", kind=TrapKind.ABI)
    return memory.read(at, size)


def _put(to: ResultPlace, at: int, data: bytes) -> int:
    at &= U32
    if to.memory is None or at + len(data) > to.memory.size():
        raise Trap(f"passed an address for a result, {at:#x}, outside of its memory", kind=TrapKind.ABI)
    to.memory.write(at, data)
    return 0


def _put_list(to: ResultPlace, at: int, data: bytes, allocate: Export | None, size: int = 1) -> int:
    """Write a list of items of this size, whose bytes these are."""
    if not data:
        return _put(to, at, _EMPTY)
    if allocate is None:
        raise Trap("lowered a function that returns a list without an allocator", kind=TrapKind.ABI)
    items_at = allocate(len(data)) & U32
    _put(to, items_at, data)
    return _put(to, at, _LIST.pack(items_at, len(data) // size))


# Every function: what makes it for a guest, from where its results go.

Make = Callable[[Preview2, ResultPlace], Answer]


def _constant(value: int) -> Make:
    return lambda wasi, to: lambda *_: value


def _constant_bytes(data: bytes) -> Make:
    """Return a function whose last parameter is the address of its result, which is always the same."""
    return lambda wasi, to: lambda *parameters: _put(to, parameters[-1], data)


def _exit(wasi: Preview2, to: ResultPlace) -> Answer:
    def exit(code: int) -> int:
        code &= U32
        raise Trap(f"exited with code {code}", kind=TrapKind.EXIT, exit_code=code)

    return exit


def _ready(wasi: Preview2, to: ResultPlace) -> Answer:
    return lambda handle: int(wasi.ready_at(handle) <= time.monotonic_ns())


def _block(wasi: Preview2, to: ResultPlace) -> Answer:
    def block(handle: int) -> int:
        sleep(wasi.ready_at(handle) - time.monotonic_ns())
        return 0

    return block


def _poll(wasi: Preview2, to: ResultPlace) -> Answer:
    def poll(handles_at: int, count: int, result_at: int) -> int:
        count &= U32
        if not 0 < count <= _MOST_POLLABLES:
            raise Trap(f"polled {count} pollables, expected 1 to {_MOST_POLLABLES}", kind=TrapKind.ABI)
        handles = unpack(f"<{count}I", _read(to.memory, handles_at, _U32.size * count))
        times = [wasi.ready_at(handle) for handle in handles]
        sleep(min(times) - time.monotonic_ns())
        now = max(time.monotonic_ns(), min(times))
        ready = [number for number, ready_at in enumerate(times) if ready_at <= now]
        return _put_list(to, result_at, b"".join(map(_U32.pack, ready)), to.words, _U32.size)

    return poll


def _subscribe(wasi: Preview2, to: ResultPlace) -> Answer:
    return lambda stream: wasi.pollable(_READY)


def _subscribe_instant(wasi: Preview2, to: ResultPlace) -> Answer:
    return lambda instant: wasi.pollable(instant & U64)


def _subscribe_duration(wasi: Preview2, to: ResultPlace) -> Answer:
    return lambda duration: wasi.pollable(time.monotonic_ns() + (duration & U64))


def _write(wasi: Preview2, to: ResultPlace) -> Answer:
    def write(stream: int, at: int, size: int, result_at: int) -> int:
        wasi.write(stream, _read(to.memory, at, size))
        return _put(to, result_at, _DONE)

    return write


def _write_zeroes(wasi: Preview2, to: ResultPlace) -> Answer:
    def write_zeroes(stream: int, size: int, result_at: int) -> int:
        wasi.write(stream, bytes(min(size & U64, _ACCEPTED + 1)))
        return _put(to, result_at, _DONE)

    return write_zeroes


def _now(wasi: Preview2, to: ResultPlace) -> Answer:
    return lambda: time.monotonic_ns() & U64


def _wall_clock(wasi: Preview2, to: ResultPlace) -> Answer:
    return lambda at: _put(to, at, _TIME.pack(*divmod(time.time_ns(), _NANOSECONDS)))


def _random_number(wasi: Preview2, to: ResultPlace) -> Answer:
    return lambda: int.from_bytes(os.urandom(8), "little")


def _random_bytes(wasi: Preview2, to: ResultPlace) -> Answer:
    def random_bytes(size: int, result_at: int) -> int:
        size &= U64
        if size > _MOST_RANDOM:
            raise Trap(f"asked for {size} random bytes; {_MOST_RANDOM} are the most", kind=TrapKind.OTHER)
        current.charge(size)
        return _put_list(to, result_at, os.urandom(size), to.bytes)

    return random_bytes


def _seed(wasi: Preview2, to: ResultPlace) -> Answer:
    return lambda at: _put(to, at, os.urandom(16))


_INPUT: Final = "[method]input-stream."
_OUTPUT: Final = "[method]output-stream."
_BY_INTERFACE: Final[dict[str, dict[str, Make]]] = {
    "wasi:cli/environment": {
        "get-environment": _constant_bytes(_EMPTY),
        "get-arguments": _constant_bytes(_EMPTY),
        "initial-cwd": _constant_bytes(_DONE),
    },
    "wasi:cli/exit": {"exit": _exit, "exit-with-code": _exit},
    "wasi:cli/stdin": {"get-stdin": _constant(STDIN)},
    "wasi:cli/stdout": {"get-stdout": _constant(STDOUT)},
    "wasi:cli/stderr": {"get-stderr": _constant(STDERR)},
    **{
        f"wasi:cli/terminal-{name}": {f"get-terminal-{name}": _constant_bytes(_DONE)}
        for name in ("stdin", "stdout", "stderr")
    },
    "wasi:io/poll": {"[method]pollable.ready": _ready, "[method]pollable.block": _block, "poll": _poll},
    "wasi:io/streams": {
        **{_INPUT + name: _constant_bytes(_CLOSED) for name in ("read", "blocking-read")},
        **{_INPUT + name: _constant_bytes(_CLOSED_64) for name in ("skip", "blocking-skip")},
        _INPUT + "subscribe": _subscribe,
        _OUTPUT + "check-write": _constant_bytes(bytes(8) + _U64.pack(_ACCEPTED)),
        **{_OUTPUT + name: _write for name in ("write", "blocking-write-and-flush")},
        **{_OUTPUT + name: _constant_bytes(_DONE) for name in ("flush", "blocking-flush")},
        **{_OUTPUT + name: _write_zeroes for name in ("write-zeroes", "blocking-write-zeroes-and-flush")},
        **{_OUTPUT + name: _constant_bytes(_CLOSED_64) for name in ("splice", "blocking-splice")},
        _OUTPUT + "subscribe": _subscribe,
    },
    "wasi:clocks/monotonic-clock": {
        "now": _now,
        "resolution": _constant(1),
        "subscribe-instant": _subscribe_instant,
        "subscribe-duration": _subscribe_duration,
    },
    "wasi:clocks/wall-clock": {"now": _wall_clock, "resolution": _constant_bytes(_TIME.pack(0, 1))},
    "wasi:random/random": {"get-random-bytes": _random_bytes, "get-random-u64": _random_number},
    "wasi:random/insecure": {
        "get-insecure-random-bytes": _random_bytes,
        "get-insecure-random-u64": _random_number,
    },
    "wasi:random/insecure-seed": {"insecure-seed": _seed},
    "wasi:filesystem/preopens": {"get-directories": _constant_bytes(_EMPTY)},
    "wasi:filesystem/types": {"filesystem-error-code": _constant_bytes(_DONE)},
    "wasi:sockets/instance-network": {"instance-network": _constant(STDIN)},
    "wasi:sockets/ip-name-lookup": {"resolve-addresses": _constant_bytes(_DENIED)},
    "wasi:sockets/tcp-create-socket": {"create-tcp-socket": _constant_bytes(_DENIED)},
    "wasi:sockets/udp-create-socket": {"create-udp-socket": _constant_bytes(_DENIED)},
}
_FUNCTIONS: Final = {
    (interface, name): make for interface, functions in _BY_INTERFACE.items() for name, make in functions.items()
}
