"""Executors and the threads and signals of the process."""

from __future__ import annotations

import signal
import threading
from types import FrameType

import pytest

from arora_core.errors import LimitExceeded
from arora_core.executor import Limits
from tests.wasm.guests import (
    ARGUMENT,
    BUSY,
    DISPATCH,
    ECHO,
    ENDLESS,
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


def test_two_threads_get_their_own_exceptions(load: Load) -> None:
    wrong: list[object] = []

    def work(number: int) -> None:
        def fail(*_: bytes) -> bytes:
            raise Surprise(number)

        instance = load(guest(FORWARD, imports=DISPATCH, rest=IDS), StubHost(on_dispatch=fail))
        for _ in range(500):
            try:
                instance.dispatch(RUN, ARGUMENT)
            except Surprise as surprise:
                if surprise.args != (number,):
                    wrong.append(surprise)
            else:
                wrong.append("no exception")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_signal_that_arrives_while_the_guest_runs_comes_out_of_its_next_call_to_the_host(load: Load) -> None:
    # On entering the callback, in CPython 3.11 and 3.12: not handling this killed the process.
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


def test_a_deadline_of_one_instance_leaves_another_alone(load: Load) -> None:
    executor = load.executor()
    patient = load(guest(BUSY + ECHO), limits=Limits(deadline=60), executor=executor)
    hasty = load(guest(ENDLESS), limits=Limits(deadline=0.02), executor=executor)
    failures: list[BaseException] = []

    def run_into_the_deadline() -> None:
        try:
            hasty.dispatch(RUN, ARGUMENT)
        except LimitExceeded as exceeded:
            failures.append(exceeded)

    thread = threading.Thread(target=run_into_the_deadline)
    thread.start()
    assert patient.dispatch(RUN, ARGUMENT) == ARGUMENT
    thread.join()
    assert len(failures) == 1


def test_no_thread_is_left_once_the_executor_is_closed(load: Load) -> None:
    before = set(threading.enumerate())
    executor = load.executor()
    instance = load(guest(), limits=Limits(deadline=60), executor=executor)
    instance.dispatch(RUN, ARGUMENT)
    instance.close()
    executor.close()
    assert set(threading.enumerate()) <= before
