"""A guest's memory grows, is given back, and is not used up by calls."""

from __future__ import annotations

import gc
from pathlib import Path

from arora_core.executor import Instance
from tests.wasm.guests import ARGUMENT, DISPATCH, FD_WRITE, FORWARD, IDS, PRINT, RUN, TEXT, Load, StubHost, guest


def test_a_large_buffer_makes_the_memory_grow_and_survives(load: Load) -> None:
    large = (1 << 20).to_bytes(4, "little") + bytes(range(256)) * ((1 << 12) - 1) + bytes(252)
    assert load(guest()).dispatch(RUN, large) == large


def test_a_result_beyond_the_memory_there_was_before_the_call_is_read(load: Load) -> None:
    body = """(local $at i32) (local.set $at (i32.mul (memory.grow (i32.const 3)) (i32.const 65536)))
      (i64.store (local.get $at) (i64.const 0x000000010000_0006)) (i32.store8 (i32.const 0) (i32.const 0))
      (local.get $at)"""
    assert load(guest(body)).dispatch(RUN, ARGUMENT) == bytes([6, 0, 0, 0, 1, 0])


def test_a_thousand_calls_take_no_memory_of_the_guest(load: Load) -> None:
    def size_of(instance: Instance) -> int:
        return int.from_bytes(instance.dispatch(RUN, ARGUMENT)[4:], "little")

    body = """(local $at i32) (local.set $at (call $alloc (i32.const 16)))
      (i32.store (local.get $at) (i32.const 8)) (i32.store offset=4 (local.get $at) (global.get $next))
      (local.get $at)"""
    instance = load(guest(body))
    before = size_of(instance)
    for _ in range(1000):
        instance.dispatch(RUN, ARGUMENT)
    assert size_of(instance) == before


def test_a_memory_that_grows_for_an_answer_takes_it(load: Load) -> None:
    answer = (300_000).to_bytes(4, "little") + bytes(299_996)
    instance = load(guest(FORWARD, imports=DISPATCH, rest=IDS), StubHost(on_dispatch=lambda *_: answer))
    assert instance.dispatch(RUN, ARGUMENT) == answer


def mappings() -> int:
    return len(Path("/proc/self/maps").read_text().splitlines())


def test_closing_gives_the_memory_back(load: Load) -> None:
    executor = load.executor()
    executable = guest(PRINT.format(fd=1) + FORWARD, imports=DISPATCH + FD_WRITE, rest=IDS + TEXT)

    def cycle() -> None:
        instance = load(executable, executor=executor)
        instance.dispatch(RUN, ARGUMENT)
        instance.close()

    cycle()
    gc.collect()
    before = mappings()
    for _ in range(40):
        cycle()
    gc.collect()
    assert mappings() <= before + 10
