"""The growing writer and the allocator."""

from __future__ import annotations

import struct
from pathlib import Path

from tests.arora_h.guests import Guest, WasmGuest
from tests.wire import buffer, error, text


def test_the_writer_grows_with_what_is_written(walk: Guest) -> None:
    expected = "".join(f"{number} " for number in range(20001))
    assert walk.call_for_buffer("counting", 20000) == buffer(text(12, expected))


def test_memory_is_used_again_after_it_is_freed(artefacts: dict[str, Path]) -> None:
    guest = WasmGuest(artefacts["walk.wasm"])
    assert guest.call("soak", 50_000) == 0
    settled = guest.memory_size
    assert guest.call("soak", 1_000_000) == 0
    # Fragmentation may cost a little over the first rounds, and nothing that keeps growing with their number.
    assert guest.memory_size <= settled + settled // 4
    again = guest.memory_size
    assert guest.call("soak", 1_000_000) == 0
    assert guest.memory_size == again


def test_freed_neighbours_join_to_serve_a_larger_request(artefacts: dict[str, Path]) -> None:
    guest = WasmGuest(artefacts["walk.wasm"])
    pointers = [guest.call("arora_buffer_alloc", 1000) for _ in range(1000)]
    size = guest.memory_size
    for pointer in pointers[::2] + pointers[1::2]:
        guest._invoke("arora_buffer_free", pointer)
    assert guest.call("arora_buffer_alloc", 990_000) != 0
    assert guest.memory_size == size


def test_allocations_live_on_their_own(walk: Guest) -> None:
    assert walk.call("soak", 20_000) == 0


def test_running_out_of_memory_is_an_orderly_error(artefacts: dict[str, Path]) -> None:
    guest = WasmGuest(artefacts["walk.wasm"], memory=4 << 20)
    assert guest.call_for_buffer("numbers", 1_000_000) == error("out of memory")
    assert guest.call_for_buffer("numbers", 0xFFFFFFFF) == error("out of memory")
    assert guest.call("arora_buffer_alloc", 0xFFFFFFFF) == 0
    result = guest.call_for_buffer("numbers", 3)
    assert result is not None
    assert struct.unpack("<3d", result[-24:]) == (0.0, 1.0, 2.0)
