"""What a guest prints, and what else it sees of its host through WASI."""

from __future__ import annotations

import pytest

from tests.wasm.guests import (
    ANSWER,
    ARGUMENT,
    DISPATCH,
    ECHO,
    FD_WRITE,
    FORWARD,
    IDS,
    PRINT,
    RUN,
    TEXT,
    Load,
    StubHost,
    Surprise,
    guest,
)


@pytest.mark.parametrize("fd", [1, 2])
def test_what_the_guest_prints_goes_to_the_host(load: Load, fd: int) -> None:
    host = StubHost()
    load(guest(PRINT.format(fd=fd) + ECHO, imports=FD_WRITE, rest=TEXT), host).dispatch(RUN, ARGUMENT)
    assert host.output == [(fd, b"hello\n")]


def test_an_exception_while_taking_output_comes_out_of_the_call(load: Load, capfd: pytest.CaptureFixture[str]) -> None:
    surprise = Surprise()

    def fail(fd: int, data: bytes) -> None:
        raise surprise

    instance = load(guest(PRINT.format(fd=1) + ECHO, imports=FD_WRITE, rest=TEXT), StubHost(on_output=fail))
    with pytest.raises(Surprise) as caught:
        instance.dispatch(RUN, ARGUMENT)
    assert caught.value is surprise
    assert capfd.readouterr() == ("", "")


def test_an_exception_while_taking_output_ends_the_guest_where_it_is(load: Load) -> None:
    calls: list[bytes] = []

    def fail(fd: int, data: bytes) -> None:
        raise Surprise

    def answer(module: bytes, function: bytes, argument: bytes) -> bytes:
        calls.append(argument)
        return ANSWER

    executable = guest(PRINT.format(fd=1) + FORWARD, imports=DISPATCH + FD_WRITE, rest=IDS + TEXT)
    with pytest.raises(Surprise):
        load(executable, StubHost(on_output=fail, on_dispatch=answer)).dispatch(RUN, ARGUMENT)
    assert calls == []


def test_a_guest_has_no_arguments_no_environment_and_no_files(load: Load) -> None:
    imports = """
      (import "wasi_snapshot_preview1" "args_sizes_get" (func $args (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))"""
    body = """(local $at i32) (drop (call $args (i32.const 64) (i32.const 72)))
      (drop (call $environ (i32.const 68) (i32.const 72))) (local.set $at (call $alloc (i32.const 16)))
      (i32.store (local.get $at) (i32.const 16)) (i64.store offset=4 (local.get $at) (i64.load (i32.const 64)))
      (i32.store offset=12 (local.get $at) (call $prestat (i32.const 3) (i32.const 72))) (local.get $at)"""
    badf = 8
    assert load(guest(body, imports=imports)).dispatch(RUN, ARGUMENT)[4:] == bytes(8) + badf.to_bytes(4, "little")


def test_every_function_of_preview_1_links(load: Load) -> None:
    imports = '(import "wasi_snapshot_preview1" "sock_shutdown" (func (param i32 i32) (result i32)))'
    assert load(guest(imports=imports)).dispatch(RUN, ARGUMENT) == ARGUMENT
