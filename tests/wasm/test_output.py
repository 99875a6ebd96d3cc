"""The output of guests, and hosts that fail when they receive it."""

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


def test_one_write_ends_a_limited_number_of_lines_and_says_how_much_it_took(load: Load) -> None:
    taken: list[bytes] = []
    body = """(local $at i32)
      (memory.fill (i32.const 4096) (i32.const 10) (i32.const 2500))
      (loop $again
        (i32.store (i32.const 64) (i32.add (i32.const 4096) (local.get $at)))
        (i32.store (i32.const 68) (i32.sub (i32.const 2500) (local.get $at)))
        (drop (call $fd_write (i32.const 1) (i32.const 64) (i32.const 1) (i32.const 72)))
        (local.set $at (i32.add (local.get $at) (i32.load (i32.const 72))))
        (br_if $again (i32.lt_u (local.get $at) (i32.const 2500))))"""
    host = StubHost(on_output=lambda fd, data: taken.append(data))
    load(guest(body + ECHO, imports=FD_WRITE), host).dispatch(RUN, ARGUMENT)
    assert taken == [b"\n" * 1024, b"\n" * 1024, b"\n" * 452]
