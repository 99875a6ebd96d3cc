"""Host code that leaves its thread to another greenlet."""

from __future__ import annotations

import pytest

from tests.engine.guest_runners import GuestRunner
from tests.engine.subprocesses import run

pytest.importorskip("greenlet")


def test_a_call_of_another_greenlet_is_refused_while_host_code_waits(runner: GuestRunner) -> None:
    program = """
    from greenlet import getcurrent, greenlet
    elsewhere = Engine()
    others = [runner.load(engine, 1), runner.load(elsewhere)]

    def leave():
        getcurrent().parent.switch("left")
        return v.Unit()

    registered = engine.register_callable(leave)
    first = greenlet(lambda: guest.indirect(registered))
    print(first.switch())
    for other in others:
        try:
            other.add(1, 2)
        except ModuleBusy as error:
            print("another greenlet" in error.message)
    try:
        runner.load(engine, 2)
    except ModuleBusy as error:
        print("another greenlet" in error.message)
    print(first.switch() == buffers.encode(v.Unit()))
    print(*(other.add(1, 2) for other in others))
    """
    assert run(program, runner.executor) == ["left", "True", "True", "True", "True", "3 3"]


def test_greenlets_call_one_after_another(runner: GuestRunner) -> None:
    program = """
    from greenlet import greenlet
    registered = engine.register_callable(lambda: v.U32(guest.add(1, 2)))
    for _ in range(3):
        print(buffers.decode(greenlet(lambda: guest.indirect(registered)).switch()).value)
    """
    assert run(program, runner.executor) == ["3"] * 3


def test_a_greenlet_that_ends_in_host_code_frees_the_engine(runner: GuestRunner) -> None:
    program = """
    from greenlet import getcurrent, greenlet
    registered = engine.register_callable(lambda: getcurrent().parent.switch())
    left = greenlet(lambda: guest.indirect(registered))
    left.switch()
    left.throw()
    print(guest.add(1, 2))
    """
    assert run(program, runner.executor) == ["3"]
