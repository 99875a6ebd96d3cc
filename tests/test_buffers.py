"""The wire format, byte for byte (ABI §1)."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arora_core import MalformedBuffer, buffers, text
from arora_core import values as v

VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "vectors" / "buffers.json").read_text())
VALUES = [(row["value"], bytes.fromhex(row["hex"])) for row in VECTORS if "value" in row]
ERRORS = [(row["error"], bytes.fromhex(row["hex"])) for row in VECTORS if "error" in row]

ID = "00000000-0000-0000-0000-0000000000aa"
ID_BYTES = bytes(15) + b"\xaa"


def framed(body: bytes) -> bytes:
    return struct.pack("<I", len(body) + 4) + body


@pytest.mark.parametrize(("data", "expected"), VALUES)
def test_every_vector_encodes_to_its_bytes_and_back(data: object, expected: bytes) -> None:
    value = text.from_data(data)
    assert buffers.encode(value) == expected
    assert buffers.decode(expected) == value
    assert buffers.encode(buffers.decode(expected)) == expected


@pytest.mark.parametrize(("message", "expected"), ERRORS)
def test_every_error_vector_encodes_to_its_bytes_and_back(message: str, expected: bytes) -> None:
    assert buffers.encode_error(message) == expected
    assert buffers.error_message(expected) == message


def test_the_vectors_are_complete() -> None:
    assert (len(VALUES), len(ERRORS)) == (204, 2)


def test_a_value_buffer_is_not_an_error_buffer() -> None:
    assert buffers.error_message(buffers.encode(v.U8(20))) is None


def test_an_error_buffer_holds_no_value() -> None:
    with pytest.raises(MalformedBuffer) as caught:
        buffers.decode(buffers.encode_error("no"))
    assert caught.value.offset == 4


@pytest.mark.parametrize("offset", range(9))
def test_packed_items_start_1_to_8_bytes_after_the_count(offset: int) -> None:
    # A string before the array shifts it one byte at a time.
    buffer = buffers.encode(v.ArrayValue([v.String("x" * offset), v.ArrayF64([1.5])]))
    count_end = 4 + 6 + 5 + offset + 6
    padding = 8 - count_end % 8
    assert buffer[count_end : count_end + padding] == bytes(padding)
    assert buffer[count_end + padding :] == struct.pack("<d", 1.5)


def test_empty_arrays_are_padded_too() -> None:
    assert len(buffers.encode(v.ArrayU64([]))) == 4 + 6 + 6


def test_map_entries_are_written_by_ascending_code_point() -> None:
    value = v.KeyValue(ID, {"b": (ID, v.U8(2)), "é": (ID, None), "a": (ID, v.U8(1)), "🙂": (ID, None)})
    keys = ("a", "b", "é", "🙂")
    positions = [buffers.encode(value).index(struct.pack("<I", len(key.encode())) + key.encode()) for key in keys]
    assert positions == sorted(positions)


def test_map_entries_decode_in_any_order_and_the_last_of_a_key_wins() -> None:
    def entry(key: bytes, number: int) -> bytes:
        return struct.pack("<I", len(key)) + key + ID_BYTES + bytes([2, number])

    body = b"\x10" + ID_BYTES + struct.pack("<I", 3) + entry(b"b", 1) + entry(b"a", 2) + entry(b"b", 3)
    assert buffers.decode(framed(body)) == v.KeyValue(ID, {"a": (ID, v.U8(2)), "b": (ID, v.U8(3))})


def test_a_map_entry_of_unit_reads_back_as_present_without_a_value() -> None:
    value = buffers.decode(buffers.encode(v.KeyValue(ID, {"x": (ID, v.Unit())})))
    assert isinstance(value, v.KeyValue)
    assert value.fields["x"].value is None
    assert value == v.KeyValue(ID, {"x": (ID, None)})


def test_any_nonzero_byte_reads_as_true() -> None:
    assert buffers.decode(framed(b"\x01\x07")) == v.Boolean(True)
    array = framed(b"\x0f\x01" + struct.pack("<I", 3) + bytes(6) + b"\x00\x02\xff")
    assert buffers.decode(array) == v.ArrayBoolean([False, True, True])


@pytest.mark.parametrize("payload", ["000080ff", "0100807f", "ffffffff", "01000000", "00000080"])
def test_every_f32_survives_bit_for_bit(payload: str) -> None:
    buffer = framed(b"\x0a" + bytes.fromhex(payload))
    assert buffers.encode(buffers.decode(buffer)) == buffer


@given(st.binary(min_size=8, max_size=8))
def test_every_f64_survives_bit_for_bit(payload: bytes) -> None:
    buffer = framed(b"\x0b" + payload)
    assert buffers.encode(buffers.decode(buffer)) == buffer


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_bytes_like_object_decodes(kind: type[Any]) -> None:
    assert buffers.decode(kind(buffers.encode(v.U16(7)))) == v.U16(7)


HOSTILE = {
    "nothing at all": (b"", 0, "at least 5 bytes"),
    "only a size": (b"\x04\x00\x00\x00", 0, "at least 5 bytes"),
    "a size too small": (b"\x05\x00\x00\x00\x00\x00", 0, "size prefix of 6"),
    "a size too large": (b"\xff\xff\xff\xff\x00", 0, "size prefix of 5"),
    "an unknown tag": (framed(b"\x15"), 4, "tag"),
    "the dynamic tag outside an array": (framed(b"\x13"), 4, "tag"),
    "trailing bytes": (framed(b"\x00\x00"), 5, "the end of the buffer"),
    "a truncated scalar": (framed(b"\x05\x00\x00"), 5, "u64"),
    "a truncated float": (framed(b"\x0b\x00\x00"), 5, "f64"),
    "a truncated string": (framed(b"\x0c\x05\x00\x00\x00abc"), 9, "string"),
    "a string longer than 4 GiB would be": (framed(b"\x0c\xff\xff\xff\xff"), 9, "string"),
    "invalid UTF-8": (framed(b"\x0c\x03\x00\x00\x00ab\xff"), 11, "UTF-8"),
    "invalid UTF-8 in an array": (framed(b"\x0f\x0c\x01\x00\x00\x00\x01\x00\x00\x00\xff"), 14, "UTF-8"),
    "an option byte of 2": (framed(b"\x11\x02\x00"), 5, "0 or 1"),
    "an option without its value": (framed(b"\x11\x01"), 6, "value"),
    "an array of options": (framed(b"\x0f\x11\x00\x00\x00\x00"), 5, "element tag"),
    "an array of unit": (framed(b"\x0f\x00\x00\x00\x00\x00"), 5, "element tag"),
    "an array of errors": (framed(b"\x0f\x14\x00\x00\x00\x00"), 5, "element tag"),
    "more numbers than bytes": (framed(b"\x0f\x0b\xff\xff\xff\x0f" + bytes(6)), 6, "count"),
    "an array without its padding": (framed(b"\x0f\x02\x00\x00\x00\x00"), 10, "padding"),
    "more values than bytes": (framed(b"\x0f\x13\xff\xff\xff\xff"), 6, "count"),
    "more structures than bytes": (framed(b"\x0f\x0d\xff\xff\xff\x0f" + bytes(16)), 6, "count"),
    "more enumerations than bytes": (framed(b"\x0f\x0e\x02\x00\x00\x00" + bytes(16 + 17)), 6, "count"),
    "more fields than bytes": (framed(b"\x0d" + bytes(16) + b"\xff\xff\xff\xff"), 21, "count"),
    "more map entries than bytes": (framed(b"\x10" + bytes(16) + b"\x02\x00\x00\x00" + bytes(21)), 21, "count"),
    "a structure without its id": (framed(b"\x0d\x00"), 5, "type id"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_bytes_are_refused_with_offset_and_expectation(case: str) -> None:
    buffer, offset, expected = HOSTILE[case]
    with pytest.raises(MalformedBuffer) as caught:
        buffers.decode(buffer)
    assert caught.value.offset == offset
    assert expected in caught.value.expected
    assert f"byte {offset}" in str(caught.value)


@pytest.mark.parametrize(("data", "buffer"), VALUES[::5])
def test_every_truncation_of_a_vector_is_refused(data: object, buffer: bytes) -> None:
    for size in range(len(buffer)):
        with pytest.raises(MalformedBuffer):
            buffers.decode(buffer[:size])
        with pytest.raises(MalformedBuffer):
            buffers.decode(framed(buffer[4:size]))


@given(st.binary(max_size=200))
def test_arbitrary_bytes_decode_or_are_malformed(body: bytes) -> None:
    try:
        value = buffers.decode(framed(body))
    except MalformedBuffer as error:
        offset = error.offset
    else:
        offset = 0
        assert buffers.decode(buffers.encode(value)) == value
    assert 0 <= offset <= len(body) + 4


@given(st.sampled_from([buffer for _, buffer in VALUES]), st.data())
def test_a_corrupted_vector_decodes_or_is_malformed(buffer: bytes, data: st.DataObject) -> None:
    corrupted = bytearray(buffer)
    for _ in range(data.draw(st.integers(1, 4))):
        corrupted[data.draw(st.integers(4, len(buffer) - 1))] = data.draw(st.integers(0, 255))
    try:
        value = buffers.decode(corrupted)
    except MalformedBuffer:
        return
    assert buffers.decode(buffers.encode(value)) == value


def nested_options(depth: int) -> bytes:
    return framed(b"\x11\x01" * depth + b"\x00")


def test_nesting_up_to_the_limit_decodes() -> None:
    assert buffers.encode(buffers.decode(nested_options(buffers.MAX_DEPTH))) == nested_options(buffers.MAX_DEPTH)


@pytest.mark.parametrize("depth", [buffers.MAX_DEPTH + 1, 1_000, 100_000])
def test_deeper_nesting_is_malformed(depth: int) -> None:
    with pytest.raises(MalformedBuffer, match="nested deeper"):
        buffers.decode(nested_options(depth))


def test_the_nesting_limit_is_settable() -> None:
    assert buffers.decode(nested_options(100), max_depth=100) is not None
    with pytest.raises(MalformedBuffer):
        buffers.decode(nested_options(3), max_depth=2)
    with pytest.raises(MalformedBuffer, match="interpreter"):
        buffers.decode(nested_options(100_000), max_depth=100_000)


def test_a_value_nested_deeper_than_decoders_accept_is_not_encoded() -> None:
    value: v.Value = v.Unit()
    for _ in range(buffers.MAX_DEPTH + 1):
        value = v.Option(value)
    with pytest.raises(ValueError, match="nested"):
        buffers.encode(value)


def test_an_error_message_with_lone_surrogates_is_still_encoded() -> None:
    assert buffers.error_message(buffers.encode_error("a\ud800b")) == "a?b"


def test_invalid_utf8_in_an_error_buffer_is_malformed() -> None:
    with pytest.raises(MalformedBuffer, match="UTF-8"):
        buffers.error_message(framed(b"\x14\x01\x00\x00\x00\xff"))


def test_decoding_allocates_no_more_than_a_small_multiple_of_its_bytes() -> None:
    import tracemalloc

    buffer = framed(b"\x0f\x13" + struct.pack("<I", 100_000) + bytes(100_000))
    tracemalloc.start()
    buffers.decode(buffer)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 32 * len(buffer)
