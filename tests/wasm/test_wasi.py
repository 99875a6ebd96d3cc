"""WASI preview 1 as guests see it: the same on every executor."""

from __future__ import annotations

import time

import pytest

from tests.wasm.guests import ARGUMENT, RUN, Load, guest, imported

EBADF, ENOTDIR, ESPIPE = 8, 54, 70
OUT = 256
"""The address to which WASI writes results in the guests below."""


def asked(load: Load, name: str, *arguments: str, data: str = "", size: int = 64) -> tuple[int, bytes]:
    """Call a function of WASI with these argument expressions; return its errno and the bytes at ``OUT``."""
    body = f"""(local $at i32) (local.set $at (call $alloc (i32.const {size + 8})))
      (i32.store (local.get $at) (i32.const {size + 8}))
      (i32.store offset=4 (local.get $at) (call ${name} {" ".join(arguments)}))
      (memory.copy (i32.add (local.get $at) (i32.const 8)) (i32.const {OUT}) (i32.const {size}))
      (local.get $at)"""
    answer = load(guest(body, imports=imported(name), rest=data)).dispatch(RUN, ARGUMENT)
    return int.from_bytes(answer[4:8], "little"), answer[8:]


def i32(number: int) -> str:
    return f"(i32.const {number})"


@pytest.mark.parametrize(("fd", "rights"), [(0, 1 << 1), (1, 1 << 6), (2, 1 << 6)])
def test_the_streams_are_neither_files_nor_terminals_and_read_or_write(load: Load, fd: int, rights: int) -> None:
    errno, stat = asked(load, "fd_fdstat_get", i32(fd), i32(OUT), size=24)
    assert (errno, stat) == (0, bytes(8) + rights.to_bytes(8, "little") * 2)


@pytest.mark.parametrize("fd", [0, 1, 2])
def test_the_streams_have_no_size_no_place_and_no_directory(load: Load, fd: int) -> None:
    assert asked(load, "fd_filestat_get", i32(fd), i32(OUT)) == (0, bytes(64))
    assert asked(load, "fd_seek", i32(fd), "(i64.const 0)", i32(1), i32(OUT))[0] == ESPIPE
    assert asked(load, "fd_tell", i32(fd), i32(OUT))[0] == ESPIPE
    assert asked(load, "fd_prestat_get", i32(fd), i32(OUT))[0] == EBADF
    assert asked(load, "fd_prestat_dir_name", i32(fd), i32(OUT), i32(0))[0] == ENOTDIR
    assert asked(load, "fd_fdstat_set_flags", i32(fd), i32(0))[0] == EBADF


@pytest.mark.parametrize("name", ["fd_fdstat_get", "fd_filestat_get", "fd_prestat_get", "fd_tell"])
def test_there_is_no_fourth_file(load: Load, name: str) -> None:
    assert asked(load, name, i32(3), i32(OUT))[0] == EBADF


def test_stdin_is_at_its_end(load: Load) -> None:
    vector = rf'(data (i32.const 64) "\80\00\00\00\10\00\00\00") (data (i32.const {OUT}) "\ff\ff\ff\ff")'
    assert asked(load, "fd_read", i32(0), i32(64), i32(1), i32(OUT), data=vector, size=4) == (0, bytes(4))


def test_a_stream_that_was_closed_is_closed(load: Load) -> None:
    closing = "(i32.shl (call $fd_close (i32.const 2)) (i32.const 8))"
    executable = f"(i32.add {closing} (call $fd_close (i32.const 2)))"
    body = f"""(local $at i32) (local.set $at (call $alloc (i32.const 8))) (i32.store (local.get $at) (i32.const 8))
      (i32.store offset=4 (local.get $at) {executable}) (local.get $at)"""
    answer = load(guest(body, imports=imported("fd_close"))).dispatch(RUN, ARGUMENT)
    assert int.from_bytes(answer[4:], "little") == EBADF


def test_the_clocks_are_the_hosts(load: Load) -> None:
    before = time.time_ns()
    errno, now = asked(load, "clock_time_get", i32(0), "(i64.const 1)", i32(OUT), size=8)
    assert errno == 0
    assert before - 10**7 <= int.from_bytes(now, "little") <= time.time_ns() + 10**7


def test_a_guest_does_not_learn_the_cpu_time_of_its_host(load: Load) -> None:
    assert asked(load, "clock_time_get", i32(2), "(i64.const 1)", i32(OUT))[0] == EBADF


def test_sleeping_takes_its_time_and_says_which_clock_rang(load: Load) -> None:
    ten_ms, monotonic = r"\80\96\98\00\00\00\00\00", r"\01\00\00\00\00\00\00\00"
    subscription = rf"\2a\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00{monotonic}{ten_ms}" + r"\00" * 16
    before = time.monotonic()
    data = f'(data (i32.const 64) "{subscription}")'
    errno, event = asked(load, "poll_oneoff", i32(64), i32(OUT), i32(1), i32(128), data=data, size=12)
    assert time.monotonic() - before >= 0.009
    assert (errno, event[:8], event[8:11]) == (0, bytes([0x2A, 0, 0, 0, 0, 0, 0, 0]), bytes(3))


def test_yielding_succeeds(load: Load) -> None:
    assert asked(load, "sched_yield")[0] == 0
