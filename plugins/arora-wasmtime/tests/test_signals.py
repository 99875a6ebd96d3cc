"""Signals whose handlers raise: any signal with unchecked calls, only Ctrl-C (SIGINT) with public calls.

With public calls, a handler of another signal that raises may end the process (README).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import pytest
from arora_wasmtime.calls import MakeCalls
from arora_wasmtime.executor import WasmtimeExecutor
from arora_wasmtime.public_calls import PublicCalls
from arora_wasmtime.unchecked_calls import UncheckedCalls

from arora_core.errors import Trap
from arora_core.executor import Instance
from tests.wasm.guests import ANSWER, ARGUMENT, BUSY, DISPATCH, ECHO, FORWARD, IDS, RUN, Load, StubHost, Surprise, guest

ROOT = Path(__file__).resolve().parents[3]
FORWARDING = guest(FORWARD, imports=DISPATCH, rest=IDS)
LONG_BUSY = BUSY.replace("300000000", "1000000000")
"""A third of a second: enough for a thread to send its signal, even where every core is busy."""
BUSY_FORWARDING = guest(LONG_BUSY + FORWARD, imports=DISPATCH, rest=IDS)
SOON = 0.05


@dataclass
class Case:
    """A signal, and a way to call guests."""

    number: signal.Signals
    make_calls: MakeCalls
    sending: list[threading.Thread] = field(default_factory=list)

    def load(self, executable: bytes, host: StubHost | None = None) -> Instance:
        return Load(WasmtimeExecutor)(executable, host)

    def send(self) -> None:
        signal.raise_signal(self.number)

    def send_soon(self) -> None:
        """Send the signal from another thread, while the guest runs in this one."""
        self.sending.append(threading.Timer(SOON, os.kill, [os.getpid(), self.number]))
        self.sending[-1].start()

    def handler(self) -> object:
        return signal.getsignal(self.number)


def surprise(number: int, frame: FrameType | None) -> None:
    """Handle a signal by raising Surprise."""
    raise Surprise


CASES = {
    "unchecked, SIGINT": Case(signal.SIGINT, UncheckedCalls),
    "unchecked, SIGALRM": Case(signal.SIGALRM, UncheckedCalls),
    "public, SIGINT": Case(signal.SIGINT, PublicCalls),
}


@pytest.fixture(params=CASES.values(), ids=list(CASES))
def case(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Case]:
    case: Case = request.param
    monkeypatch.setattr("arora_wasmtime.executor.chosen", lambda: case.make_calls)
    before = signal.signal(case.number, surprise)
    yield case
    while case.sending:
        case.sending.pop().join()
    signal.signal(case.number, before)


def test_an_exception_raised_while_a_guest_runs_replaces_its_next_callback(case: Case) -> None:
    asked: list[bytes] = []

    def answer(module: bytes, function: bytes, argument: bytes) -> bytes:
        asked.append(argument)
        return ANSWER

    instance = case.load(BUSY_FORWARDING, StubHost(on_dispatch=answer))
    case.send_soon()
    with pytest.raises(Surprise):
        instance.dispatch(RUN, ARGUMENT)
    assert asked == []
    assert instance.dispatch(RUN, ARGUMENT) == ANSWER


@pytest.mark.parametrize("imports", ["", DISPATCH], ids=["no imports", "imports"])
def test_an_exception_raised_while_a_guest_without_callbacks_runs_comes_out_of_the_call(
    case: Case, imports: str
) -> None:
    instance = case.load(guest(LONG_BUSY + ECHO, imports=imports))
    case.send_soon()
    with pytest.raises(Surprise):
        instance.dispatch(RUN, ARGUMENT)
    assert instance.dispatch(RUN, ARGUMENT) == ARGUMENT


def test_an_exception_raised_in_a_callback_can_be_caught_there(case: Case) -> None:
    caught: list[Surprise] = []

    def answer(*_: bytes) -> bytes:
        try:
            case.send()
        except Surprise as surprise:
            caught.append(surprise)
        return ANSWER

    assert case.load(FORWARDING, StubHost(on_dispatch=answer)).dispatch(RUN, ARGUMENT) == ANSWER
    assert len(caught) == 1


def test_an_exception_that_a_callback_does_not_catch_comes_out_of_the_call(case: Case) -> None:
    def answer(*_: bytes) -> bytes:
        case.send()
        return ANSWER

    instance = case.load(FORWARDING, StubHost(on_dispatch=answer))
    for _ in range(2):
        with pytest.raises(Surprise):
            instance.dispatch(RUN, ARGUMENT)


def test_an_exception_raised_while_a_nested_guest_runs_comes_out_of_the_nested_call(case: Case) -> None:
    level = 0
    caught: list[Surprise] = []

    def answer(module: bytes, function: bytes, argument: bytes) -> bytes:
        nonlocal level
        level += 1
        if level == 2:
            return ANSWER
        case.send_soon()
        try:
            return busy.dispatch(RUN, argument)
        except Surprise as surprise:
            caught.append(surprise)
            return ARGUMENT

    busy = case.load(BUSY_FORWARDING, StubHost(on_dispatch=answer))
    assert case.load(FORWARDING, StubHost(on_dispatch=answer)).dispatch(RUN, ARGUMENT) == ARGUMENT
    assert (level, len(caught)) == (1, 1)


@pytest.mark.parametrize("body", [FORWARD, f"(drop {FORWARD}) unreachable"], ids=["result", "crash"])
def test_the_handler_is_restored_after_a_call_that_returns_or_traps(case: Case, body: str) -> None:
    instance = case.load(guest(body, imports=DISPATCH, rest=IDS))
    try:
        instance.dispatch(RUN, ARGUMENT)
    except Trap:
        assert "unreachable" in body
    assert case.handler() is surprise


def test_a_handler_that_a_callback_installs_stays_installed(case: Case) -> None:
    def answer(*_: bytes) -> bytes:
        signal.signal(case.number, signal.SIG_IGN)
        return ANSWER

    case.load(FORWARDING, StubHost(on_dispatch=answer)).dispatch(RUN, ARGUMENT)
    assert case.handler() is signal.SIG_IGN


def test_calls_in_another_thread_do_not_replace_the_handler(case: Case) -> None:
    seen: list[object] = []

    def answer(*_: bytes) -> bytes:
        seen.append(case.handler())
        return ANSWER

    thread = threading.Thread(target=case.load(FORWARDING, StubHost(on_dispatch=answer)).dispatch, args=(RUN, ARGUMENT))
    thread.start()
    thread.join()
    assert seen == [surprise]


# Another thread sends signals at random moments while a guest calls its host repeatedly; the first of a call raises.
ANY_MOMENT = """
import os, random, signal, sys, threading, time
from arora_wasmtime.executor import WasmtimeExecutor
from tests.wasm.guests import ARGUMENT, ECHO, INDIRECT, RUN, Load, guest

class Struck(BaseException):
    pass

def strike(number, frame):
    global armed
    if armed:
        armed = False
        raise Struck

def send():
    while not ended:
        time.sleep(random.random() * 0.0005)
        os.kill(os.getpid(), number)

armed = ended = False
number = int(sys.argv[1])
signal.signal(number, strike)
calling = '''(local $n i32)
  (loop $again
    (call $free (call $indirect (i64.const 1)))
    (br_if $again (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 1000))))'''
instance = Load(WasmtimeExecutor)(guest(calling + ECHO, imports=INDIRECT))
sending = threading.Thread(target=send)
sending.start()
struck = 0
while struck < 500:
    try:
        armed = True
        instance.dispatch(RUN, ARGUMENT)
    except Struck:
        struck += 1
armed, ended = False, True
sending.join()
assert instance.dispatch(RUN, ARGUMENT) == ARGUMENT
print(signal.getsignal(number) is strike)
"""


@pytest.mark.parametrize("case", CASES)
def test_a_handler_that_raises_at_any_moment_does_not_end_the_process(case: str) -> None:
    calls, _ = case.split(", ")
    environment = {**os.environ, "ARORA_WASMTIME_CALLS": calls}
    command = [sys.executable, "-c", ANY_MOMENT, str(int(CASES[case].number))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=ROOT, env=environment)
    # Python prints an exception in a finalizer of wasmtime-py to stderr, which is therefore not asserted.
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr
