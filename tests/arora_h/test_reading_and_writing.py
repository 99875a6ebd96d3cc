"""Values and buffers, and whatever else hosts may send."""

from __future__ import annotations

import ctypes
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from tests.arora_h.guests import VALUES, VECTOR_FILE, VECTORS, Guest, NativeGuest
from tests.wire import buffer, error


def test_every_vector_comes_out_of_reader_and_writer_as_it_went_in(walk: Guest) -> None:
    for vector in VECTORS:
        assert walk.call_for_buffer("recode", vector, len(vector)) == vector


def test_skipping_accepts_every_value_whole(walk: Guest) -> None:
    for vector in VALUES:
        assert walk.call("skips", vector, len(vector)) == 1, vector.hex()


def test_an_error_buffer_is_not_a_value(walk: Guest) -> None:
    assert walk.call("skips", error("no"), len(error("no"))) == 0


def test_an_array_of_numbers_is_read_by_the_reader_of_its_type_alone(artefacts: dict[str, Path]) -> None:
    guest = NativeGuest(artefacts["walk.native"])
    total = ctypes.c_double()
    array_of_u16 = buffer(bytes([15, 3]) + struct.pack("<I6x3H", 3, 7, 8, 9))
    accepted = guest.library.typed_arrays(guest._lower(array_of_u16), len(array_of_u16), ctypes.byref(total))
    assert (accepted, total.value) == (1, 24.0)


@pytest.mark.parametrize(
    ("value", "offset"),
    [
        pytest.param(b"\x15", 4, id="an unknown tag"),
        pytest.param(b"\x11\x02", 5, id="an option byte of 2"),
        pytest.param(b"\x0c\x02\x00\x00\x00\xc3\x28", 5, id="text that is not UTF-8"),
        pytest.param(b"\x0c\x03\x00\x00\x00\xed\xa0\x80", 5, id="a surrogate"),
        pytest.param(b"\x0c\x02\x00\x00\x00\xc0\x80", 5, id="an overlong form"),
        pytest.param(b"\x0f\x0b\xff\xff\xff\xff" + bytes(6), 16, id="four billion numbers"),
        pytest.param(b"\x0f\x0c\xff\xff\xff\xff", 10, id="four billion texts"),
        pytest.param(b"\x0f\x0d\xff\xff\xff\xff" + bytes(16), 10, id="four billion structures"),
        pytest.param(b"\x0f\x0f\x00\x00\x00\x00", 6, id="an array of arrays"),
        pytest.param(b"\x00\x00", 5, id="something after the value"),
    ],
)
def test_malformed_bytes_are_refused_where_they_are(walk: Guest, value: bytes, offset: int) -> None:
    malformed = buffer(value)
    assert walk.call_for_buffer("recode", malformed, len(malformed)) is None
    assert walk.call("failure_offset", malformed, len(malformed)) == offset


def test_a_size_prefix_that_differs_from_the_bytes_is_refused(walk: Guest) -> None:
    assert walk.call("skips", struct.pack("<IB", 6, 0), 5) == 0
    assert walk.call("skips", struct.pack("<IBB", 5, 0, 0), 6) == 0


def test_values_nest_64_deep_and_no_deeper(walk: Guest) -> None:
    deep = buffer(b"\x11\x01" * 64 + b"\x00")
    deeper = buffer(b"\x11\x01" * 65 + b"\x00")
    assert walk.call_for_buffer("recode", deep, len(deep)) == deep
    assert walk.call("skips", deep, len(deep)) == 1
    assert walk.call("skips", deeper, len(deeper)) == 0


def test_truncated_and_corrupted_buffers_are_never_read_past_their_end(artefacts: dict[str, Path]) -> None:
    # In a process of its own: a read past the end, or undefined behaviour, kills it.
    script = (
        "import ctypes, json, sys\n"
        "guest = ctypes.CDLL(sys.argv[1])\n"
        "vectors = [bytes.fromhex(v['hex']) for v in json.load(open(sys.argv[2], encoding='utf-8'))]\n"
        "print(sum(guest.torment(v, len(v)) for v in vectors))\n"
    )
    command = [sys.executable, "-c", script, str(artefacts["hostile.native"]), str(VECTOR_FILE)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, "0"), done.stderr
