"""What unchecked and public calls have in common; the suite runs once with each (``ARORA_WASMTIME_CALLS``)."""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator
from types import FrameType
from weakref import ref

import pytest
from arora_wasmtime.executor import WasmtimeExecutor

from arora_core.errors import Trap
from tests.wasm.guests import (
    ANSWER,
    ARGUMENT,
    BUSY,
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

load = Load(WasmtimeExecutor)
FORWARDING = guest(FORWARD, imports=DISPATCH, rest=IDS)
SOON = 0.01


@pytest.fixture(autouse=True)
def on_alarm() -> Iterator[None]:
    """Make SIGALRM raise Surprise."""

    def surprise(number: int, frame: FrameType | None) -> None:
        raise Surprise

    before = signal.signal(signal.SIGALRM, surprise)
    yield
    signal.signal(signal.SIGALRM, before)


def test_a_signal_handler_that_raises_in_a_callback_raises_there() -> None:
    caught: list[Surprise] = []

    def answer(*_: bytes) -> bytes:
        try:
            signal.raise_signal(signal.SIGALRM)
        except Surprise as surprise:
            caught.append(surprise)
        return ANSWER

    assert load(FORWARDING, StubHost(on_dispatch=answer)).dispatch(RUN, ARGUMENT) == ANSWER
    assert len(caught) == 1


def test_what_a_signal_handler_raises_while_a_guest_without_imports_runs_comes_out_of_the_call() -> None:
    instance = load(guest(BUSY + ECHO))
    signal.setitimer(signal.ITIMER_REAL, SOON)
    with pytest.raises(Surprise):
        instance.dispatch(RUN, ARGUMENT)
    assert instance.dispatch(RUN, ARGUMENT) == ARGUMENT


def test_a_trap_in_a_nested_call_names_only_functions_of_guests() -> None:
    def answer(module: bytes, function: bytes, argument: bytes) -> bytes:
        return instance.dispatch(RUN, ANSWER)

    crash = "(if (i32.eqz (i32.load8_u offset=5 (local.get 0))) (then unreachable))"
    instance = load(guest(crash + FORWARD, imports=DISPATCH, rest=IDS), StubHost(on_dispatch=answer))
    with pytest.raises(Trap) as caught:
        instance.dispatch(RUN, ARGUMENT)
    assert str(caught.value) == "unreachable in run <- run"


def test_an_instance_that_is_dropped_without_being_closed_is_released() -> None:
    host = StubHost()
    executable = guest(PRINT.format(fd=1) + FORWARD, imports=DISPATCH + FD_WRITE, rest=IDS + TEXT)
    load(executable, host).dispatch(RUN, ARGUMENT)
    forgotten = ref(host)
    del host
    gc.collect()
    assert forgotten() is None


def test_an_instance_whose_last_call_failed_is_released_as_soon_as_it_is_closed() -> None:
    host = StubHost()
    instance = load(guest("unreachable"), host)
    with pytest.raises(Trap):
        instance.dispatch(RUN, ARGUMENT)
    forgotten = ref(host)
    instance.close()
    del host, instance
    gc.collect()
    assert forgotten() is None
