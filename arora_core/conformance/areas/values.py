"""Values pass to and from the guest unchanged, bit for bit."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from random import Random

from hypothesis import strategies as st

from ... import buffers
from ... import values as v
from ...executor import TRANSFER_THRESHOLD
from ...types import TypeRef
from .. import strategies
from ..checking import check
from ..expecting import expect_equal
from ..guests import header, id_of
from ..subject import Subject

_LARGE = 200_000
"""Bytes: more than the initial size of a guest's memory and of a host's buffers."""
_NUMBERS = ["u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64", "f32", "f64"]
_SCALARS = [f"echo_{each}" for each in ("unit", "bool", *_NUMBERS, "str", "uuid")]
_ARRAYS = [f"echo_{each}s" for each in ("bool", *_NUMBERS, "str", "value")]


@check("values", uses=["echo"])
def any_value_comes_back_as_the_same_bytes(subject: Subject) -> None:
    def echo(value: v.Value) -> None:
        expect_equal(subject.dispatch("echo", value), subject.result("echo", value), f"echo({value!r})")

    subject.for_all(strategies.values(), echo, examples=subject.examples * 2)


@check("values", uses=_SCALARS)
def every_scalar_type_is_read_and_written_by_the_guest(subject: Subject) -> None:
    _echoes(subject, _SCALARS)


@check("values", uses=_ARRAYS)
def every_array_type_is_read_and_written_by_the_guest(subject: Subject) -> None:
    _echoes(subject, _ARRAYS)


@check("values", uses=["echo_f32", "echo_f32s", "echo_f64", "echo_f64s", "received"])
def every_nan_keeps_its_sign_and_payload(subject: Subject) -> None:
    for scalar, array, bits, size in ((v.F32, v.ArrayF32, _NANS_32, 4), (v.F64, v.ArrayF64, _NANS_64, 8)):
        raw = [each.to_bytes(size, "little") for each in bits]
        name = f"echo_{scalar.__name__.lower()}"
        for function, value in (
            *((name, v.float_from_raw(scalar, each)) for each in raw),
            (f"{name}s", v.from_raw(array, b"".join(raw))),
        ):
            # First what the guest receives, to distinguish a changed argument from a changed result.
            sent = subject.argument("received", value)
            seen = subject.dispatch("received", value)
            expect_equal(seen, subject.result("received", v.ArrayU8(sent)), "the NaNs that the guest received")
            _echo(subject, function, value)


@check("values", uses=["echo_str", "echo_strs"])
def text_may_hold_zeros_and_characters_of_any_length(subject: Subject) -> None:
    texts = ["", "\0", "a\0b", "\0\0", "\x7f\x80", "é\ufeff", "\ud7ff\ue000\uffff", "🦀\U0010ffff", "a\r\n\tb "]
    for text in texts:
        _echo(subject, "echo_str", v.String(text))
    _echo(subject, "echo_strs", v.ArrayString(texts))


@check("values", uses=["mirror"])
def structures_are_read_field_by_field(subject: Subject) -> None:
    def mirror(x: v.Value, y: v.Value, label: v.Value) -> v.Structure:
        return v.Structure(id_of(0xFF0100), zip(_FIELDS, [x, y, label], strict=True))

    def test(drawn: tuple[v.Value, v.Value, v.Value]) -> None:
        x, y, label = drawn
        expect_equal(subject.values("mirror", {"value": mirror(x, y, label)}).ret, mirror(y, x, label), "mirror")

    numbers = strategies.values_of(_parameter("echo_f64"))
    subject.for_all(st.tuples(numbers, numbers, strategies.values_of(_parameter("echo_str"))), test)


@check("values", uses=["mirror_all"])
def arrays_of_structures_keep_their_order(subject: Subject) -> None:
    points = [[v.F64(i), v.F64(-i), v.String(str(i))] for i in range(30)]
    given = v.ArrayStructure(id_of(0xFF0100), [zip(_FIELDS, each, strict=True) for each in points])
    expected = v.ArrayStructure(id_of(0xFF0100), [zip(_FIELDS, [y, x, label], strict=True) for x, y, label in points])
    expect_equal(subject.values("mirror_all", {"value": given}).ret, expected, "mirror_all of 30 points")


@check("values", uses=["echo_map", "echo_option", "echo_shape", "echo_shapes"])
def enumerations_options_and_maps_come_back(subject: Subject) -> None:
    for name in ("echo_shape", "echo_shapes", "echo_option", "echo_map"):
        subject.for_all(strategies.values_of(_parameter(name), header().types), partial(_echo, subject, name))


@check("values", uses=["reverse"])
def arrays_of_fixed_length_keep_it(subject: Subject) -> None:
    reversed_ = subject.values("reverse", {"value": v.ArrayF64([1, 2, 3])}).ret
    expect_equal(reversed_, v.ArrayF64([3, 2, 1]), "reverse([1, 2, 3])")


@check("values", uses=["checksum"])
def large_arguments_arrive_whole(subject: Subject) -> None:
    data = bytes(range(256)) * (_LARGE // 256)
    expect_equal(subject.module.checksum(data), _checksum(data), f"the checksum of {len(data)} bytes")


@check("values", uses=["fill"])
def large_answers_arrive_whole(subject: Subject) -> None:
    expect_equal(subject.module.fill(_LARGE, 0xA5) == b"\xa5" * _LARGE, True, f"whether {_LARGE} bytes 0xa5 came back")


@check("values", uses=["received"])
def a_buffer_of_any_size_arrives_whole(subject: Subject) -> None:
    # Besides small ones, those of about 64 KiB: from there on, calls may take another way.
    empty = len(subject.argument("received", v.ArrayU8(b"")))
    edges = [size - empty for size in range(TRANSFER_THRESHOLD - 2, TRANSFER_THRESHOLD + 3)]
    for size in (*range(70), *map(subject.up_to, edges)):
        given = v.ArrayU8(Random(size).randbytes(size))
        sent = subject.argument("received", given)
        result = subject.dispatch("received", given)
        expected = subject.result("received", v.ArrayU8(sent))
        expect_equal(result, expected, f"the buffer of {len(sent)} bytes that the guest received")


_NANS_32 = [0x7FC00000, 0xFFC00000, 0x7FC00001, 0x7FFFFFFF, 0x7F800001, 0xFF800001, 0x7FA5A5A5]
"""Quiet NaNs, then signalling NaNs, in which the first bit of the mantissa is 0."""
_NANS_64 = [
    0x7FF8 << 48,
    0xFFF8 << 48,
    0x7FF8 << 48 | 1,
    (1 << 63) - 1,
    0x7FF0 << 48 | 1,
    0xFFF0 << 48 | 1,
    0x7FF5A5 << 40,
]
_FIELDS = [id_of(0xFF0101), id_of(0xFF0102), id_of(0xFF0103)]


def _parameter(name: str) -> TypeRef:
    return next(each for each in header().exports if each.name == name).parameters[0].type


def _echoes(subject: Subject, functions: Sequence[str]) -> None:
    for name in functions:
        drawn = strategies.values_of(_parameter(name), header().types)
        subject.for_all(drawn, partial(_echo, subject, name), examples=max(10, subject.examples // 3))


def _echo(subject: Subject, name: str, value: v.Value) -> None:
    result = subject.dispatch(name, value)
    expect_equal(result, subject.result(name, value), f"{name}({value!r})")
    expect_equal(buffers.encode(subject.values(name, {"value": value}).ret), buffers.encode(value), f"{name} by values")


def _checksum(data: bytes) -> int:
    hash = 0xCBF29CE484222325
    for byte in data:
        hash = (hash ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return hash
