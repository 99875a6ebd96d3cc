"""The functions of the conformance guest, ``conformance/guest/``, in Python: values, calls, failures."""

from __future__ import annotations

from typing import Final

from arora_core import buffers
from arora_core import values as v
from arora_core.conformance.guests import id_of
from arora_core.errors import TrapKind

from .guest_calls import FUNCTIONS, Arguments, Failure, Function, ReturnValue, fnv1a, guest_function
from .simulated_guest import SimulatedGuest


def _echo(cls: type[v.Value]) -> Function:
    return lambda guest, given: given.read("value", cls)


FUNCTIONS.update(
    {
        **{f"echo_{name}": _echo(cls) for name, cls in {"unit": v.Unit, "bool": v.Boolean, "str": v.String}.items()},
        **{f"echo_{cls.__name__.lower()}": _echo(cls) for cls in (*v.INTEGERS, v.F32, v.F64, v.Uuid)},
        **{f"echo_{cls.__name__.removeprefix('Array').lower()}s": _echo(cls) for cls in v.NUMBER_ARRAYS},
        "echo_bools": _echo(v.ArrayBoolean),
        "echo_strs": _echo(v.ArrayString),
        "echo_values": _echo(v.ArrayValue),
        **{name: _echo(v.Value) for name in ("echo", "echo_shape", "echo_shapes", "echo_option", "echo_map")},
    }
)

_POINT, _X, _Y, _LABEL = (id_of(number) for number in (0xFF0100, 0xFF0101, 0xFF0102, 0xFF0103))


def _mirrored(fields: tuple[v.Field, ...]) -> list[tuple[object, v.Value]]:
    read = {each.id: each.value for each in fields}
    if not read.keys() <= {_X, _Y, _LABEL}:
        raise Failure("value: a field that Point does not have")
    zero = v.F64(0.0)
    return [(_X, read.get(_Y, zero)), (_Y, read.get(_X, zero)), (_LABEL, read.get(_LABEL, v.String("")))]


@guest_function
def mirror(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    value = given.read("value", v.Structure)
    if value.id != _POINT:
        raise Failure("value: not a Point")
    return v.Structure(_POINT, _mirrored(value.fields))  # type: ignore[arg-type]


@guest_function
def mirror_all(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    value = given.read("value", v.ArrayStructure)
    return v.ArrayStructure(value.id, [_mirrored(fields) for fields in value.items])  # type: ignore[misc]


@guest_function
def reverse(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    raw = given.read("value", v.ArrayF64).raw
    items = [raw[start : start + 8] for start in range(0, len(raw), 8)]
    return v.from_raw(v.ArrayF64, b"".join(reversed(items)))


# Calls.


@guest_function
def given(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    return v.U32(sum(bit for bit, name in ((1, "a"), (2, "b"), (4, "c")) if given.has(name)))


@guest_function
def add(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    return v.U32(given.u32("a") + given.u32("b") & 0xFFFF_FFFF)


@guest_function
def received(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    return v.ArrayU8(given.raw)


@guest_function
def append(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    items, item = given.read("items", v.ArrayF64), given.read("item", v.F64)
    appended = v.from_raw(v.ArrayF64, items.raw + item.raw)
    log = v.String(given.text("log") + "+")
    return v.U32(len(items) + 1), {"items": appended, "log": log}


@guest_function
def nothing(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    return v.Unit()


@guest_function
def count(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    guest.calls += 1
    return v.U32(guest.calls)


@guest_function
def exchange(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    before, guest.kept = guest.kept, given.u64("value")
    return v.U64(before)


@guest_function
def alignment(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    return v.U32(given.at % 8)


@guest_function
def read_behind(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    if given.at + len(given.raw) + 4 > guest.memory.size():
        guest.trap(TrapKind.MEMORY_OUT_OF_BOUNDS)
    return v.Unit()


@guest_function
def fill(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    return v.ArrayU8(bytes([given.read("byte", v.U8).value]) * given.u32("size"))


@guest_function
def checksum(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    return v.U64(fnv1a(0xCBF29CE484222325, given.octets("value")))


# Failures.


@guest_function
def fail(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    raise Failure(given.text("message") if given.has("message") else "")


@guest_function
def malform(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    self, one = given.export.id, v.U32(1)
    how = given.u32("how") if given.has("how") else 0
    results: dict[int, bytes] = {
        1: bytes([4, 0, 0, 0, 0, 0, 0, 0]),
        2: bytes([10, 0, 0, 0, 20, 1, 0, 0, 0, 0xFF]),
        3: buffers.encode(v.Structure(id_of(0x5100), [(id_of(0x5100), one)])),
        4: bytes([6, 0, 0, 0, 0, 0]),
        5: buffers.encode(v.Structure(self, [(self, v.F64(1))])),
        6: buffers.encode(one),
        7: buffers.encode(v.Structure(self, [(self, one), (id_of(0x0FFF), one)])),
        9: bytes([5, 0, 0, 0, 77]),
        10: buffers.encode(v.Structure(self, [])),
    }
    if how == 0:
        return 0
    if how == 8:
        return given.at
    return guest.put(results[how]) if how in results else v.U32(0)


@guest_function
def wild(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    how = given.u32("how") if given.has("how") else 0
    memory, far, self, other = guest.memory, 0xFFFF_FFF8, id_of(0x7000).bytes, id_of(0x5400).bytes
    memory.grow(1)
    end = memory.size()
    if how in (0, 1, 3):
        return {0: 0xFFFF_FFF0, 1: end - 2, 3: end}[how]
    if how == 2:
        return guest.put(b"\xff\xff\xff\x7f" + bytes(4))
    if how == 4:
        memory.write(end - 8, b"\x09\0\0\0")
        return end - 8
    if how == 10:
        result = buffers.encode(v.Structure(given.export.id, [(given.export.id, v.Unit())]))
        memory.write(end - len(result), result)
        return guest.allocator.track(end - len(result), 0)
    if how > 10:
        return v.Unit()
    ids = guest.put(self + other)
    sizes = {7: far, 8: guest.put(b"\xff\xff\xff\x7f" + bytes(4)), 9: guest.put(b"\x04\0\0\0" + bytes(4))}
    pointer: int = guest.imports["arora_dispatch"](
        far if how == 5 else ids, far if how == 6 else ids + 16, sizes.get(how, given.at)
    )
    return pointer


_CRASHES: Final = {
    0: TrapKind.UNREACHABLE,
    1: TrapKind.MEMORY_OUT_OF_BOUNDS,
    2: TrapKind.INTEGER_DIVISION_BY_ZERO,
    3: TrapKind.INTEGER_OVERFLOW,
    4: TrapKind.BAD_CONVERSION,
    5: TrapKind.INDIRECT_CALL,
    6: TrapKind.STACK_OVERFLOW,
    8: TrapKind.TABLE_OUT_OF_BOUNDS,
    9: TrapKind.INDIRECT_CALL,
}
_EXITS: Final = {7: 3, 10: 0}


@guest_function
def crash(guest: SimulatedGuest, given: Arguments) -> ReturnValue:
    how = given.u32("how") if given.has("how") else 0
    if how in _EXITS:
        guest.wasi("proc_exit", _EXITS[how])
    if how in _CRASHES:
        guest.trap(_CRASHES[how])
    return v.Unit()
