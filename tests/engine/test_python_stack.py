"""Calls at the end of Python's own stack."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from arora_core import Engine, LoadedModule, buffers
from arora_core import values as v
from arora_core.conformance.guests import id_of
from tests.engine.guest_calls import argument
from tests.engine.guest_runners import GuestRunner
from tests.engine.subprocesses import run
from tests.public_calls import unchecked_calls_only

DESCEND, MODULE, DEPTH = id_of(0x8300), id_of(0x8301), id_of(0x8302)
FRAMES = 10
"""Frames of Python that docs/calls-and-threads.md says a level of dispatch takes at most."""


@unchecked_calls_only
def test_every_call_that_does_not_fit_is_a_recursion_error_and_the_guest_lives_on(runner: GuestRunner) -> None:
    program = """
    depth = 0
    def nested():
        global depth
        if not depth:
            depth = 1
            guest.indirect(registered)
        return v.U32(guest.add(1, 2))

    def down(frames):
        return down(frames - 1) if frames else guest.indirect(registered)

    registered = engine.register_callable(nested)
    down(0)
    limit = 400
    sys.setrecursionlimit(limit)
    outcomes = set()
    for _ in range(5):
        for frames in range(limit - 140, limit):
            depth = 0
            try:
                outcomes.add(bool(down(frames)))
            except RecursionError as error:
                outcomes.add(type(error).__name__)
    print(*sorted(map(str, outcomes)), guest.add(1, 2))
    """
    assert run(program, runner.executor) == ["RecursionError True 3"]


def descend(engine: Engine, levels: int) -> bytes:
    """Let a guest call itself so many levels deep; return its result buffer."""
    (module,) = engine.modules
    fields = [(MODULE, v.Uuid(module)), (DEPTH, v.U32(levels))]
    return engine.dispatch(module, DESCEND, argument(DESCEND, *fields))


@pytest.fixture
def few_frames() -> Iterator[int]:
    """Limit Python's stack to 200 frames more than the test uses; yield that number."""
    before, used = sys.getrecursionlimit(), 0
    while True:
        try:
            sys._getframe(used)
        except ValueError:
            break
        used += 1
    sys.setrecursionlimit(used + 200)
    yield 200
    sys.setrecursionlimit(before)


def test_a_dispatch_that_does_not_fit_is_the_depth_error(runner: GuestRunner, few_frames: int) -> None:
    with Engine(max_depth=10_000) as engine:
        guest = runner.load(engine)
        message = buffers.error_message(descend(engine, 500)) or ""
        assert f"Python's limit of {sys.getrecursionlimit()} frames" in message
        assert guest.add(1, 2) == 3


@unchecked_calls_only
def test_a_level_of_dispatch_takes_as_many_frames_as_documented(runner: GuestRunner, few_frames: int) -> None:
    with Engine() as engine:
        runner.load(engine)
        # Some frames are for the outermost call, and for the exception at its end.
        levels = (few_frames - 40) // FRAMES
        assert buffers.error_message(descend(engine, levels)) is None


def test_a_recursion_error_of_a_callable_comes_out_of_the_call(engine: Engine, guest: LoadedModule) -> None:
    error = RecursionError("of the program")

    def fail() -> v.Value:
        raise error

    with pytest.raises(RecursionError) as caught:
        guest.indirect(engine.register_callable(fail))
    assert caught.value is error
