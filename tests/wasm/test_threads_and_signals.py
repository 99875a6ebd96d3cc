"""Executors and the threads and signals of the process."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import FrameType

import pytest

from arora_core.errors import Trap, TrapKind
from arora_core.executor import Executor
from tests.public_calls import PUBLIC_CALLS
from tests.wasm.guests import (
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

ROOT = Path(__file__).resolve().parents[2]


def test_two_threads_get_their_own_exceptions(load: Load) -> None:
    wrong: list[object] = []

    def work(number: int) -> None:
        def fail(*_: bytes) -> bytes:
            raise Surprise(number)

        # As two engines would: each has its own executor, used by one thread at a time.
        executor = load.executor()
        instance = load(guest(FORWARD, imports=DISPATCH, rest=IDS), StubHost(on_dispatch=fail), executor=executor)
        for _ in range(500):
            try:
                instance.dispatch(RUN, ARGUMENT)
            except Surprise as surprise:
                if surprise.args != (number,):
                    wrong.append(surprise)
            else:
                wrong.append("no exception")
        instance.close()
        executor.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_signal_that_arrives_while_the_guest_runs_comes_out_of_its_next_call_to_the_host(load: Load) -> None:
    if load.executor.name == "wasmtime" and PUBLIC_CALLS:
        pytest.skip("public calls promise this of SIGINT alone; arora-wasmtime tests that")

    # CPython 3.11 and 3.12 run the handler on entering the callback, which would end the process if unhandled.
    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    instance = load(guest(BUSY + FORWARD, imports=DISPATCH, rest=IDS))
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        with pytest.raises(KeyboardInterrupt):
            instance.dispatch(RUN, ARGUMENT)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert instance.dispatch(RUN, ARGUMENT) == ARGUMENT


def test_output_arrives_in_the_thread_of_the_call(load: Load) -> None:
    threads: list[int] = []
    host = StubHost(on_output=lambda fd, data: threads.append(threading.get_ident()))
    load(guest(PRINT.format(fd=1) + ECHO, imports=FD_WRITE, rest=TEXT), host).dispatch(RUN, ARGUMENT)
    assert threads == [threading.get_ident()]


def test_an_instance_may_be_used_and_closed_in_another_thread_than_its_own(load: Load) -> None:
    instance = load(guest(FORWARD, imports=DISPATCH, rest=IDS))
    large = (1 << 20).to_bytes(4, "little") + bytes((1 << 20) - 4)
    answers: list[bytes] = []

    def work() -> None:
        answers.append(instance.dispatch(RUN, large))

    for _ in range(2):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        work()
    closing = threading.Thread(target=instance.close)
    closing.start()
    closing.join()
    assert answers == [large] * 4


def test_one_executable_loads_in_several_threads(load: Load) -> None:
    executable, executor, answers = guest(FORWARD, imports=DISPATCH, rest=IDS), load.executor(), list[bytes]()
    # Alive all the time, so that the others share its compiled code.
    first = load(executable, executor=executor)
    for _ in range(2):
        thread = threading.Thread(
            target=lambda: answers.append(load(executable, executor=executor).dispatch(RUN, ARGUMENT))
        )
        thread.start()
        thread.join()
    assert [*answers, first.dispatch(RUN, ARGUMENT)] == [ARGUMENT] * 3


def test_a_bound_function_follows_from_thread_to_thread(load: Load) -> None:
    call = load(guest(FORWARD, imports=DISPATCH, rest=IDS)).function(RUN)
    answers: list[bytes] = []
    # One after the other, so that the system reuses the first thread's identifier for the second.
    for _ in range(3):
        thread = threading.Thread(target=lambda: answers.append(call(ARGUMENT)))
        thread.start()
        thread.join()
    assert [*answers, call(ARGUMENT)] == [ARGUMENT] * 4


def test_a_guest_that_runs_out_of_stack_in_a_thread_is_a_trap_there(load: Load) -> None:
    body, rest = "(call $deeper)", "(func $deeper (result i32) (drop (call $deeper)) (i32.const 1))"
    instance = load(guest(body, rest=rest))
    kinds: list[TrapKind] = []

    def work() -> None:
        with pytest.raises(Trap) as caught:
            instance.dispatch(RUN, ARGUMENT)
        kinds.append(caught.value.kind)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert kinds == [TrapKind.STACK_OVERFLOW]


AROUND_FAULTHANDLER = """
import faulthandler, sys
from arora_core.errors import Trap
from tests.wasm.guests import ARGUMENT, EXECUTORS, RUN, Load, guest

CRASHES = ["unreachable", "(i32.load (i32.const -8))", "(i32.div_s (local.get 0) (i32.const 0))"]
load = Load(EXECUTORS[sys.argv[1]])

def crash():
    for body in CRASHES:
        try:
            load(guest(body)).dispatch(RUN, ARGUMENT)
        except Trap as trap:
            print(trap.kind.name)

{before}
crash()
{after}
crash()
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("pass", "pass"),
        ("pass", "faulthandler.enable()"),
        ("faulthandler.enable()", "pass"),
        ("faulthandler.enable()", "faulthandler.disable()"),
        ("faulthandler.enable()", "faulthandler.disable(); faulthandler.enable()"),
        ("faulthandler.enable(); crash(); faulthandler.disable()", "faulthandler.enable(); crash()"),
    ],
)
def test_a_trap_is_a_trap_whenever_faulthandler_is_enabled(executor: type[Executor], before: str, after: str) -> None:
    program = AROUND_FAULTHANDLER.format(before=before, after=after)
    done = subprocess.run(
        [sys.executable, "-c", program, executor.name], capture_output=True, text=True, timeout=60, cwd=ROOT
    )
    kinds = ["UNREACHABLE", "MEMORY_OUT_OF_BOUNDS", "INTEGER_DIVISION_BY_ZERO"]
    assert (done.stdout.split(), done.stderr) == (kinds * (2 + before.count("crash") + after.count("crash")), "")
