"""Large arrays are copied once into guest memory and once out of it. Measured in bytes allocated, not in time."""

from __future__ import annotations

import ctypes
import tracemalloc
from array import array as packed_array
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from arora_core import buffers
from arora_core import values as v
from arora_core.binding.large_argument import LargeArgument
from arora_core.calls import CallResult
from arora_core.compiled.generic import compile_values
from arora_core.types import ARRAY_IDS, TYPE_IDS, FixedArrayRef, OptionRef, ScalarRef, TypeRef

from .signatures import FUNCTION, OUTER, REGISTRY, Colour, Inner, Outer, array, both, decoder, encoder, function, scalar

F64_ARRAY = ARRAY_IDS[TYPE_IDS["f64"]]
COUNT = 1 << 17
SIZE = 8 * COUNT
ONE_COPY = 1.1 * SIZE + 4096
"""A growing ``array.array`` allocates a sixteenth more than it needs."""
NO_COPY = 1 << 16


def peak(work: Callable[[], object]) -> int:
    """Return the peak of allocated memory, in bytes."""
    tracemalloc.start()
    try:
        kept = work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        del kept


SOURCES: dict[str, Callable[[], Any]] = {
    "numpy": lambda: np.arange(COUNT, dtype="f8"),
    "numpy, little-endian by name": lambda: np.arange(COUNT, dtype="<f8"),
    "numpy, read-only": lambda: np.broadcast_to(np.arange(COUNT, dtype="f8"), COUNT),
    "array": lambda: packed_array("d", range(COUNT)),
    "memoryview": lambda: memoryview(packed_array("d", range(COUNT))),
    "memoryview cast from bytes": lambda: memoryview(packed_array("d", range(COUNT)).tobytes()).cast("d"),
    "ctypes": lambda: (ctypes.c_double * COUNT)(*range(COUNT)),
}
OTHERS: dict[str, Callable[[], Any]] = {
    "numpy, every second": lambda: np.arange(2 * COUNT, dtype="f8")[::2] / 2,
    "numpy, backwards": lambda: np.arange(COUNT, dtype="f8")[::-1][::-1],
    "numpy, strided": lambda: np.repeat(np.arange(COUNT, dtype="f8"), 2)[::2],
    "numpy, big-endian": lambda: np.arange(COUNT, dtype=">f8"),
    "numpy, integers": lambda: np.arange(COUNT, dtype="i4"),
    "array of singles": lambda: packed_array("f", range(COUNT)),
    "list": lambda: list(map(float, range(COUNT))),
    "tuple of ints": lambda: tuple(range(COUNT)),
    "range": lambda: range(COUNT),
}
BYTES: dict[str, Callable[[], Any]] = {
    "bytes": lambda: bytes(SIZE),
    "bytearray": lambda: bytearray(SIZE),
    "memoryview": lambda: memoryview(bytearray(SIZE)),
    "numpy": lambda: np.zeros(SIZE, dtype="u1"),
    "ctypes": lambda: (ctypes.c_uint8 * SIZE)(),
}
EXPECTED = v.ArrayF64(packed_array("d", range(COUNT)))


def argument(type: TypeRef) -> Callable[..., Sequence[bytes | memoryview]]:
    return in_pieces(encoder(both(function([type]))[0]))


def in_pieces(encode: Callable[..., bytes]) -> Callable[..., Sequence[bytes | memoryview]]:
    """Return an encoder that returns the pieces of a large argument."""

    def pieces(*given: object) -> Sequence[bytes | memoryview]:
        with pytest.raises(LargeArgument) as large:
            encode(*given)
        return large.value.pieces

    return pieces


def call_buffer(*fields: v.Value) -> bytes:
    ids = [FUNCTION, *(UUID(int=0xA00 + index) for index in range(len(fields) - 1))]
    return buffers.encode(v.Structure(FUNCTION, list(zip(ids, fields, strict=True))))


@pytest.mark.parametrize("source", [*SOURCES, *OTHERS])
def test_any_buffer_or_sequence_goes_in_as_its_numbers(source: str) -> None:
    items = {**SOURCES, **OTHERS}[source]()
    codec, generic = both(function([array("f64")]))
    expected = generic.encode_values({UUID(int=0xA00): EXPECTED})
    assert b"".join(in_pieces(encoder(codec))(items)) == expected
    assert generic.encode_call([items], {}) == expected


@pytest.mark.parametrize("source", SOURCES)
def test_an_array_is_not_copied_before_it_is_in_the_guest(source: str) -> None:
    encode, items = argument(array("f64")), SOURCES[source]()
    assert peak(lambda: encode(items)) < NO_COPY


@pytest.mark.parametrize("source", BYTES)
def test_bytes_are_not_copied_before_they_are_in_the_guest(source: str) -> None:
    encode, items = argument(array("u8")), BYTES[source]()
    assert peak(lambda: encode(items)) < NO_COPY


def test_an_array_of_fixed_length_is_not_copied_either() -> None:
    encode, items = argument(FixedArrayRef(TYPE_IDS["f64"], COUNT)), np.arange(COUNT, dtype="f8")
    assert peak(lambda: encode(items)) < NO_COPY


def test_an_array_that_may_be_missing_is_copied_once() -> None:
    """The bytes of an optional value are joined before the buffer is."""
    encode, items = argument(OptionRef(F64_ARRAY)), np.arange(COUNT, dtype="f8")
    assert SIZE < peak(lambda: encode(items)) < ONE_COPY


def test_an_array_in_a_structure_is_not_copied_either() -> None:
    codec = both(function([ScalarRef(OUTER.id)], ScalarRef(OUTER.id)))[0]
    outer = Outer(Inner("", 0.0), np.zeros(2 * COUNT, dtype="i4"), Colour.red)
    encode = in_pieces(encoder(codec))
    assert peak(lambda: encode(outer)) < NO_COPY


def test_an_array_is_copied_once_out_of_the_result_buffer() -> None:
    decode = decoder(both(function(ret=array("f64")))[0])
    buffer = call_buffer(EXPECTED)
    assert SIZE <= peak(lambda: decode(buffer)) < ONE_COPY
    assert decode(buffer) == EXPECTED.items


def test_bytes_are_copied_once_out_of_the_result_buffer() -> None:
    decode = decoder(both(function(ret=array("u8")))[0])
    buffer = call_buffer(v.ArrayU8(bytes(SIZE)))
    assert SIZE <= peak(lambda: decode(buffer)) < ONE_COPY


def test_a_mutated_array_is_copied_once_out_of_the_result_buffer() -> None:
    decode = decoder(both(function([array("f64")], scalar("str"), mutable=True))[0])
    buffer = call_buffer(v.String(""), EXPECTED)
    assert SIZE <= peak(lambda: decode(buffer)) < ONE_COPY


def test_values_are_copied_once_each_way() -> None:
    export = function([array("f64")], array("f64"))
    compiled = compile_values(export, REGISTRY)
    args = {UUID(int=0xA00): EXPECTED}
    assert SIZE < peak(lambda: compiled.encode(args)) < ONE_COPY
    buffer = call_buffer(EXPECTED)
    assert SIZE < peak(lambda: compiled.decode(buffer)) < ONE_COPY
    assert compiled.decode(buffer) == CallResult(EXPECTED)


def test_making_a_value_of_an_array_copies_it_once() -> None:
    items = np.arange(COUNT, dtype="f8")
    assert SIZE < peak(lambda: v.ArrayF64(items)) < ONE_COPY


def test_an_array_may_change_after_it_was_encoded() -> None:
    items = np.zeros(4, dtype="f8")
    buffer = encoder(both(function([array("f64")]))[0])(items)
    before = bytes(buffer)
    items[:] = 1
    assert buffer == before


@pytest.mark.parametrize("items", [packed_array("d"), np.zeros(0), memoryview(b"").cast("d"), (ctypes.c_double * 0)()])
def test_empty_buffers_are_empty_arrays(items: Any) -> None:
    codec, generic = both(function([array("f64")]))
    assert encoder(codec)(items) == generic.encode_values({UUID(int=0xA00): v.ArrayF64()})
