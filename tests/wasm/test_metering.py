"""When a call with limits may be interrupted, on the executors that use the meter of arora_core."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any

import pytest

from arora_core import Interrupted, LimitExceeded
from arora_core.budget import Budget
from arora_core.executor import Executor, Limits
from arora_core.mailbox import Mailbox
from arora_core.wasm.alarm import Alarm
from tests.wasm.guests import ARGUMENT, ENDLESS, EXECUTORS, RUN, Load, guest

METERED = {name: executor for name, executor in EXECUTORS.items() if name in ("wasmtime", "wasmer")}


@pytest.mark.parametrize("executor", METERED.values(), ids=METERED)
def test_an_interruption_before_the_guest_is_entered_ends_the_call(
    executor: type[Executor], monkeypatch: pytest.MonkeyPatch
) -> None:
    # With a deadline, so that the test ends where the interruption is lost.
    instance = Load(executor)(guest(ENDLESS), limits=Limits(deadline=20, interruptible=True))
    woken_by = Budget.woken_by

    def interrupted(budget: Budget, interruptions: Mailbox[None]) -> AbstractContextManager[None]:
        instance.interrupt()
        return woken_by(budget, interruptions)

    monkeypatch.setattr(Budget, "woken_by", interrupted)
    with pytest.raises(Interrupted):
        instance.dispatch(RUN, ARGUMENT)


@pytest.mark.parametrize("executor", METERED.values(), ids=METERED)
def test_an_interruption_after_the_guest_has_returned_leaves_the_next_call_alone(
    executor: type[Executor], monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = Load(executor)(guest(), limits=Limits(interruptible=True))
    woken_by = Budget.woken_by

    @contextmanager
    def interrupted(budget: Budget, interruptions: Mailbox[None]) -> Iterator[None]:
        with woken_by(budget, interruptions):
            yield
            instance.interrupt()

    with monkeypatch.context() as patched:
        patched.setattr(Budget, "woken_by", interrupted)
        assert instance.dispatch(RUN, ARGUMENT) == ARGUMENT
    assert instance.dispatch(RUN, ARGUMENT) == ARGUMENT


class _Meanwhile:
    """A key that does something else wherever it is looked up."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work

    def __hash__(self) -> int:
        self._work()
        return 1


def _set_alarm(alarm: Alarm, meanwhile: Callable[[], object]) -> None:
    """Set an alarm, and do something else in the middle of that. Fails where the thread waits for itself."""
    arguments = (_Meanwhile(meanwhile), monotonic() + 60, int)
    setting = Thread(target=alarm.set, args=arguments, daemon=True)
    setting.start()
    setting.join(10)
    assert not setting.is_alive()


@pytest.mark.parametrize("executor", METERED.values(), ids=METERED)
def test_a_guest_that_may_be_collected_while_the_alarm_is_being_set(executor: type[Executor]) -> None:
    made = executor()
    instance: Any = Load(executor)(guest(), limits=Limits(deadline=60), executor=made)
    assert instance.dispatch(RUN, ARGUMENT) == ARGUMENT
    collected = weakref.ref(instance)
    instance.circle = instance
    del instance
    _set_alarm(made._alarm, gc.collect)  # type: ignore[attr-defined]
    gc.collect()
    assert collected() is None
    made.close()


def test_a_handler_of_a_signal_may_make_a_call_while_the_alarm_is_being_set() -> None:
    alarm, rung = Alarm(), Event()
    _set_alarm(alarm, lambda: alarm.set("inner", 0.0, rung.set))
    assert rung.wait(10)
    alarm.close()


@pytest.mark.parametrize("executor", METERED.values(), ids=METERED)
def test_a_deadline_that_was_not_cancelled_rings_in_vain_after_the_end_of_its_guest(
    executor: type[Executor], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = executor()
    instance = Load(executor)(guest(), limits=Limits(deadline=0.1), executor=made)
    with monkeypatch.context() as patched:
        patched.setattr(Alarm, "cancel", lambda alarm, key: None)
        assert instance.dispatch(RUN, ARGUMENT) == ARGUMENT
        instance.close()
    sleep(0.2)
    after = Load(executor)(guest(ENDLESS), limits=Limits(deadline=0.1), executor=made)
    with pytest.raises(LimitExceeded):
        after.dispatch(RUN, ARGUMENT)
    made.close()
