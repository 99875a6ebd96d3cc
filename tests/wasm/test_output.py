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
