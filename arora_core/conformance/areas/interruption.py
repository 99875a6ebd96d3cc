"""Running calls are ended from outside, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from threading import Thread
from time import monotonic, perf_counter
from typing import Any, Final

from ... import values as v
from ...errors import Interrupted
from ...executor import Capability, Instance, Limits
from ...runtime.interruption import interrupt
from ..checking import check
from ..expecting import expect, expect_equal, expect_raises
from ..scripted_host import ScriptedHost
from ..subject import Subject

_NEEDS: Final = [Capability.INTERRUPT]
_INTERRUPTIBLE: Final = Limits(interruptible=True)
# Not `spin`, which never returns: the check of an executor that does not end the call has to report it.
_ENDLESS: Final = 1 << 30
_LONGEST: Final = 60.0
"""Seconds after which an executor has had its chance."""
_AGAIN: Final = 0.005
"""Seconds between two interruptions: the first one may come before the guest runs."""
_SLEEP: Final = 4
"""Seconds that a guest sleeps."""


@check("interruption", needs=_NEEDS, uses=["add", "work"])
def a_running_call_is_interrupted(subject: Subject) -> None:
    instance = subject.instance(ScriptedHost(), limits=_INTERRUPTIBLE)
    _expect_interrupted(instance, partial(_work, subject, instance, _ENDLESS), "work without an end")
    expect_equal(_adds(subject, instance), True, "whether add(1, 2) is 3 afterwards")


@check("interruption", needs=_NEEDS, uses=["exchange", "work"])
def an_interrupted_guest_keeps_its_state(subject: Subject) -> None:
    instance = subject.instance(ScriptedHost(), limits=_INTERRUPTIBLE)
    _exchange(subject, instance, 7)
    _expect_interrupted(instance, partial(_work, subject, instance, _ENDLESS), "work without an end")
    if not instance.needs_restart:
        kept = _exchange(subject, instance, 0)
        expect_equal(kept, subject.result("exchange", v.U64(7)), "the value that the guest kept")


@check("interruption", needs=_NEEDS, uses=["add"])
def an_interruption_while_no_call_runs_is_none_of_the_next(subject: Subject) -> None:
    instance = subject.instance(ScriptedHost(), limits=_INTERRUPTIBLE)
    for _ in range(3):
        instance.interrupt()
        expect_equal(_adds(subject, instance), True, "whether add(1, 2) is 3 after an interruption of nothing")


@check("interruption", needs=_NEEDS, uses=["add", "work"])
def an_interruption_that_comes_too_late_is_none_of_the_next(subject: Subject) -> None:
    instance = subject.instance(ScriptedHost(), limits=_INTERRUPTIBLE)
    _expect_interrupted(instance, partial(_work, subject, instance, _ENDLESS), "work without an end")
    instance.interrupt()
    expect_equal(_adds(subject, instance), True, "whether add(1, 2) is 3 after one interruption too many")


@check("interruption", needs=_NEEDS, uses=["work"])
def an_interruption_ends_calls_of_its_own_instance_alone(subject: Subject) -> None:
    executor = subject.new_executor()
    instances = [executor.load(subject.guest.definition(), ScriptedHost(), _INTERRUPTIBLE) for _ in range(2)]
    try:
        other = _Running(partial(_work, subject, instances[1], _ENDLESS))
        # Not once: the call of the other instance may begin late.
        for _ in range(3):
            _expect_interrupted(instances[0], partial(_work, subject, instances[0], _ENDLESS), "work without an end")
        expect(other.error is None, f"the call of another instance raised {other.error!r}")
        _interrupt(instances[1], other)
    finally:
        for instance in instances:
            instance.close()


@check("interruption", needs=_NEEDS, uses=["add", "forward", "work"])
def a_caller_is_interrupted_with_the_module_that_it_called(subject: Subject) -> None:
    caller, called = subject.load(limits=_INTERRUPTIBLE), subject.load(1, limits=_INTERRUPTIBLE)
    argument = subject.argument("work", v.U64(_ENDLESS))
    running = _Running(partial(caller.forward, called.id, subject.function_id("work"), argument))
    while not running.ended(_AGAIN):
        # Callers first: one whose callee alone is interrupted handles that error, and returns.
        interrupt(subject.engine._calls)
    expect(isinstance(running.error, Interrupted), f"expected Interrupted, the call raised {running.error!r}")
    expect_equal([caller.add(1, 2), called.add(1, 2)], [3, 3], "add(1, 2) of both afterwards")


@check("interruption", needs=_NEEDS, uses=["add", "sleep"])
def a_guest_that_sleeps_is_interrupted(subject: Subject) -> None:
    instance = subject.instance(ScriptedHost(), limits=_INTERRUPTIBLE)
    began = perf_counter()
    _expect_interrupted(instance, partial(_sleep, subject, instance), f"a sleep of {_SLEEP} s in poll_oneoff")
    took = perf_counter() - began
    expect(took < _SLEEP - 1, f"a sleep of {_SLEEP} s that was interrupted at once took {took:.2f} s")
    expect_equal(_adds(subject, instance), True, "whether add(1, 2) is 3 afterwards")


@check("interruption", needs=[Capability.INTERRUPT, Capability.DEADLINE], uses=["work"])
def an_interruption_is_not_a_deadline(subject: Subject) -> None:
    limits = Limits(deadline=_LONGEST, interruptible=True)
    instance = subject.instance(ScriptedHost(), limits=limits)
    _expect_interrupted(instance, partial(_work, subject, instance, _ENDLESS), "work with a distant deadline")


@check("interruption", needs=_NEEDS, uses=["work"])
def calls_that_are_not_interrupted_are_left_alone(subject: Subject) -> None:
    instance = subject.instance(ScriptedHost(), limits=_INTERRUPTIBLE)
    answers = [_work(subject, instance, 1000) for _ in range(20)]
    expect_equal(answers, [subject.result("work", v.U64(1000))] * 20, "twenty calls")


class _Running:
    """A call in a thread of its own."""

    def __init__(self, call: Callable[[], object]) -> None:
        self._call = call
        self.answer: object = None
        self.error: BaseException | None = None
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def ended(self, seconds: float) -> bool:
        """Return whether the call ends within so many seconds."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def join(self) -> None:
        """Wait for the end of the call."""
        expect(self.ended(_LONGEST), f"the call did not end within {_LONGEST:.0f} s")

    def result(self) -> object:
        """Return what the call returned, or raise what it raised."""
        if self.error is not None:
            raise self.error
        return self.answer

    def _run(self) -> None:
        try:
            self.answer = self._call()
        except BaseException as error:
            self.error = error


def _expect_interrupted(instance: Instance, call: Callable[[], object], what: str) -> None:
    running = _Running(call)
    _interrupt(instance, running)
    expect_raises(Interrupted, running.result, f"{what}, interrupted")


def _interrupt(instance: Instance, running: _Running) -> None:
    until = monotonic() + _LONGEST
    while not running.ended(_AGAIN) and monotonic() < until:
        instance.interrupt()
    running.join()


def _dispatch(subject: Subject, instance: Instance, name: str, *given: v.Value) -> Any:
    return instance.dispatch(subject.function_id(name).bytes, subject.argument(name, *given))


def _work(subject: Subject, instance: Instance, turns: int) -> Any:
    return _dispatch(subject, instance, "work", v.U64(turns))


def _exchange(subject: Subject, instance: Instance, value: int) -> Any:
    return _dispatch(subject, instance, "exchange", v.U64(value))


def _sleep(subject: Subject, instance: Instance) -> Any:
    return _dispatch(subject, instance, "sleep", v.U64(_SLEEP * 10**9))


def _adds(subject: Subject, instance: Instance) -> bool:
    result = _dispatch(subject, instance, "add", v.U32(1), v.U32(2))
    return bool(result == subject.result("add", v.U32(3)))
