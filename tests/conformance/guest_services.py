"""The functions of the conformance guest in Python, continued: host calls, output, time and memory."""

from __future__ import annotations

import struct

from arora_core import buffers
from arora_core import values as v
from arora_core.errors import TrapKind

from .guest_calls import Arguments, Failure, ReturnValue, fnv1a, guest_function
from .simulated_guest import PAGE, SimulatedGuest, returned_value

# WASI.


def _print(guest: SimulatedGuest, fd: int, text: str) -> int:
    return _write(guest, fd, text.encode())


def _write(guest: SimulatedGuest, fd: int, remaining: bytes) -> int:
    while remaining:
        errno, written = guest.fd_write(fd, remaining)
        if errno or not written:
            return errno
        remaining = remaining[written:]
    return 0


@guest_function
def last_words(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    _print(guest, 2, given.text("text"))
    guest.trap(TrapKind.UNREACHABLE)


@guest_function
def print(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    return v.U32(_print(guest, given.u32("fd"), given.text("text")))


@guest_function
def print_pieces(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    pieces = given.text("first").encode(), given.text("second").encode()
    return v.U32(guest.fd_write(given.u32("fd"), *pieces)[1])


@guest_function
def clock(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    at = guest.put(bytes(8))
    errno = guest.wasi("clock_time_get", given.u32("id"), 1, at)
    now = guest.memory.read(at, 8)
    guest.allocator.free(at)
    if errno:
        raise Failure("unknown clock")
    return v.U64(int.from_bytes(now, "little"))


@guest_function
def random(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    size = given.u32("size")
    at = guest.put(bytes(size))
    if guest.wasi("random_get", at, size):
        raise Failure("no random numbers")
    numbers = guest.memory.read(at, size)
    guest.allocator.free(at)
    return v.ArrayU8(numbers)


@guest_function
def sleep(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    # userdata, the tag of clocks, the monotonic clock, timeout, precision and flags; then room for the answers.
    at = guest.put(struct.pack("<6Q", 0, 0, 1, given.u64("nanoseconds"), 0, 0) + bytes(40))
    errno = guest.wasi("poll_oneoff", at, at + 48, 1, at + 80)
    guest.allocator.free(at)
    return v.U32(errno)


@guest_function
def ambient(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    at = guest.put(bytes(64))

    def number(offset: int) -> int:
        return int.from_bytes(guest.memory.read(at + offset, 4), "little")

    guest.wasi("args_sizes_get", at, at + 4)
    guest.wasi("environ_sizes_get", at + 8, at + 4)
    directory = guest.wasi("fd_prestat_get", 3, at + 16)
    errors = [guest.wasi("path_open", 3, 0, at + 24, 1, 0, rights, 0, 0, at + 4) for rights in (2, 0)]
    guest.memory.write(at + 24, (at + 32).to_bytes(4, "little") + b"\x10\0\0\0")
    guest.wasi("fd_read", 0, at + 24, 1, at + 12)
    seen = [number(0), number(8), directory, *errors, number(12)]
    guest.allocator.free(at)
    return v.ArrayU32(seen)


@guest_function
def write(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    fd, data = given.u32("fd"), given.octets("data")
    failure = _write(guest, fd, data)
    guest.take_buffer(guest.imports["arora_dispatch_indirect"](given.u64("then")))
    return v.U32(failure or _write(guest, fd, data))


@guest_function
def leave(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    guest.wasi("proc_exit", given.u32("code"))
    raise AssertionError("proc_exit returned")


@guest_function
def edition(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    return v.String(guest.edition.decode())


# Dispatch.


@guest_function
def forward(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    return v.ArrayU8(guest.dispatch(given.id("module"), given.id("function"), given.octets("argument")))


@guest_function
def forward_with(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    ids = given.id("module"), given.id("function")
    return v.ArrayU8(guest.dispatch(*ids, given.octets("argument"), given.u32("mode")))


@guest_function
def indirect(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    return v.ArrayU8(guest.take_buffer(guest.imports["arora_dispatch_indirect"](given.u64("callable"))))


@guest_function
def burrow(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    return indirect(guest, given)


@guest_function
def frames(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    before = guest.stack.get()
    guest.take_buffer(guest.imports["arora_dispatch_indirect"](given.u64("callable")))
    return v.ArrayU64([before, guest.stack.get()])


@guest_function
def descend(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    module, left = given.read("module", v.Uuid), given.u32("depth")
    if left == 0:
        return v.U32(0)
    self = given.export.id
    ids = [each.id for each in given.export.parameters]
    inner = v.Structure(self, [(ids[0], module), (ids[1], v.U32(left - 1))])
    result = guest.dispatch(module.value.bytes, self.bytes, buffers.encode(inner))
    deeper = returned_value(result)
    if not isinstance(deeper, v.U32):
        raise Failure(buffers.error_message(result) or "no u32")
    if guest.memory.read(given.at, len(given.raw)) != given.raw:
        raise Failure("the argument was written to by a nested call")
    return v.U32(deeper.value + 1)


@guest_function
def walk(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    route, hash = given.octets("route"), given.u64("seed")
    end = given.read("end", v.U32) if given.has("end") else v.U32(0)
    guest.visits += 1
    hash = fnv1a(hash, guest.visits.to_bytes(8, "little"))
    if len(route) < 16:
        if end.value == 1:
            raise Failure("the end of the walk")
        return 0 if end.value == 2 else v.U64(hash)
    self = given.export.id
    ids = [each.id for each in given.export.parameters]
    inner = v.Structure(self, [(ids[0], v.ArrayU8(route[16:])), (ids[1], v.U64(hash)), (ids[2], end)])
    there = returned_value(guest.dispatch(route[:16], self.bytes, buffers.encode(inner)))
    return v.U64(fnv1a(hash, there.value.to_bytes(8, "little") if isinstance(there, v.U64) else b"error"))


@guest_function
def repeat(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    ids = given.id("module"), given.id("function")
    results = (guest.dispatch(*ids, given.octets("argument")) for _ in range(given.u32("times")))
    return v.U32(sum(returned_value(result) is None for result in results))


# Allocation, time and memory.


@guest_function
def allocations(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    return v.ArrayU64(guest.allocator.counts())


@guest_function
def set_allocator(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    mode = given.u32("mode")
    self = given.export.id
    result_at = guest.put(buffers.encode(v.Structure(self, [(self, v.Unit())])))
    guest.allocator.mode = mode
    return result_at


@guest_function
def spin(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    while True:
        guest.meter.spend(1000)


@guest_function
def work(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    turns = given.u64("turns")
    for done in range(0, turns, 400):
        guest.meter.spend(10 * min(400, turns - done))
    return v.U64(turns)


@guest_function
def hog(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    return v.Boolean(guest.memory.grow(given.u32("pages")))


@guest_function
def pages(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    return v.U32(guest.memory.size() // PAGE)


@guest_function
def initialised(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    return v.U32(guest.initialised)
