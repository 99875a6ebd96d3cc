"""What the tests of pickled functions run in other processes: functions that can be imported there."""

from __future__ import annotations

import gc
import os
import pickle
import threading
from typing import Any, Final, NamedTuple

from arora_core import Function, Header, HostModule, Result
from arora_core.runtime import carried
from tests.engine.robot import ROBOT

IMPORTABLE: Final = HostModule(Header.parse(ROBOT))
"""A host module whose functions are carried by their names."""


@IMPORTABLE.function("say")
def say(text: str = "") -> bool:
    return text == "hello"


@IMPORTABLE.function("push")
def push(items: bytes) -> Result:
    return Result(len(items), {"items": items + b"!"})


def loaded_here() -> int:
    """Return how many modules the current thread has loaded out of pickles."""
    return len(carried._kept.of_this_process())


class Added(NamedTuple):
    sum: int
    process: int
    loaded: tuple[int, int]
    """The process, and how many modules it had loaded."""


def add(function: Function, number: int) -> Added:
    """Return a sum that a carried function computes, and where."""
    return Added(function(number, 1), os.getpid(), (os.getpid(), loaded_here()))


class OnAnotherMachine:
    """Pickles a thing as if it were loaded on an executor that is not installed here."""

    def __init__(self, reduced: tuple[Any, ...]) -> None:
        self._reduced = reduced

    def __reduce__(self) -> tuple[Any, ...]:
        return self._reduced


def on_another_machine(thing: Any, executor: str) -> OnAnotherMachine:
    """Return what is unpickled as ``thing`` would be where it is loaded on ``executor``."""
    load, (new_engine, (part,), *rest) = thing.__reduce__()
    guest = pickle.loads(part.made_of)._replace(executor=executor)
    return OnAnotherMachine((load, (new_engine, (carried.pickled(guest),), *rest)))


def use_function(forward: Any) -> object:
    """Call a function."""
    return forward([0.0] * 6)


def use_module(arm: Any) -> object:
    """Call a function of a module."""
    return arm.forward([0.0] * 6)


def in_another_thread(function: Any) -> Any:
    """Return what a function returns in a new thread."""
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(function()))
    thread.start()
    thread.join()
    gc.collect()
    return answers[0]
