"""Guests in a real browser that Python drives. What holds for every executor is tested in ``tests/wasm``."""

from __future__ import annotations

import asyncio
import signal
import threading
from types import FrameType

import pytest
from arora_browser.driven.instance import DrivenInstance
from arora_browser.executor import BrowserExecutor

from arora_core import Engine
from arora_core.conformance.subject import only
from arora_core.errors import LimitExceeded, Trap, TrapKind
from arora_core.executor import Host, Instance, Limits
from arora_core.header import ModuleDefinition
from tests.striking import moments, struck_at
from tests.wasm.guests import (
    ANSWER,
    ARGUMENT,
    DISPATCH,
    ECHO,
    ENDLESS,
    FORWARD,
    HEADER,
    IDS,
    RUN,
    StubHost,
    Surprise,
    guest,
)

from .driven_executor import crash_page, executor, load

__all__ = ["executor"]


POLL_ONEOFF = '(import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))'


SLEEP = """(i64.store (i32.const 88) (i64.const {nanoseconds})) (i32.store (i32.const 80) (i32.const 1))
  (if (call $poll (i32.const 64) (i32.const 128) (i32.const 1) (i32.const 192)) (then unreachable))"""


def test_it_works_in_a_program_that_runs_an_event_loop_of_its_own(executor: BrowserExecutor) -> None:
    async def program() -> bytes:
        return load(executor, guest()).dispatch(RUN, ARGUMENT)

    assert asyncio.run(program()) == ARGUMENT


def test_a_guest_that_catches_everything_does_not_catch_an_exception_of_the_host(executor: BrowserExecutor) -> None:
    def fail(*_: bytes) -> bytes:
        raise surprise

    surprise = Surprise()
    body = f"(block $caught (try_table (catch_all $caught) (return {FORWARD}))) {ECHO}"
    with pytest.raises(Surprise) as caught:
        load(executor, guest(body, imports=DISPATCH, rest=IDS), StubHost(on_dispatch=fail)).dispatch(RUN, ARGUMENT)
    assert caught.value is surprise


def test_an_exception_the_guest_throws_and_does_not_catch_is_a_trap(executor: BrowserExecutor) -> None:
    with pytest.raises(Trap, match="threw an exception that it did not catch") as caught:
        load(executor, guest("(throw $oops)", rest="(tag $oops)")).dispatch(RUN, ARGUMENT)
    assert caught.value.kind is TrapKind.OTHER


def test_a_guest_that_sleeps_wakes(executor: BrowserExecutor) -> None:
    body = SLEEP.format(nanoseconds=1_000_000) + ECHO
    assert load(executor, guest(body, imports=POLL_ONEOFF)).dispatch(RUN, ARGUMENT) == ARGUMENT


def test_a_deadline_stops_a_guest_that_sleeps_and_leaves_it_usable(executor: BrowserExecutor) -> None:
    asleep = f"(if (i32.eqz (i32.load8_u offset=5 (local.get 0))) (then {SLEEP.format(nanoseconds=10**18)})) {ECHO}"
    instance = load(executor, guest(asleep, imports=POLL_ONEOFF), deadline=0.2)
    with pytest.raises(LimitExceeded):
        instance.dispatch(RUN, ANSWER)
    assert instance.dispatch(RUN, ARGUMENT) == ARGUMENT


def test_a_guest_is_stopped_again_and_again(executor: BrowserExecutor) -> None:
    endless = f"(if (i32.eqz (i32.load8_u offset=5 (local.get 0))) (then {ENDLESS})) {ECHO}"
    instance = load(executor, guest(endless), deadline=0.5)
    for _ in range(5):
        with pytest.raises(LimitExceeded):
            instance.dispatch(RUN, ANSWER)
    patient = load(executor, guest(endless))
    assert patient.dispatch(RUN, ARGUMENT) == ARGUMENT


def test_an_interrupt_ends_the_wait_for_a_guest_that_never_ends(executor: BrowserExecutor) -> None:
    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    endless = f"(if (i32.eqz (i32.load8_u offset=5 (local.get 0))) (then {ENDLESS})) {ECHO}"
    instance = load(executor, guest(endless))
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(KeyboardInterrupt):
            instance.dispatch(RUN, ANSWER)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert instance.dispatch(RUN, ARGUMENT) == ARGUMENT


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_call_struck_at_any_moment_leaves_the_guest_usable(executor: BrowserExecutor) -> None:
    instance = load(executor, guest(FORWARD, imports=DISPATCH, rest=IDS))
    instance.dispatch(RUN, ARGUMENT)
    for moment in moments(6):
        struck = struck_at(moment, lambda: instance.dispatch(RUN, ARGUMENT))
        assert instance.dispatch(RUN, ARGUMENT) == ARGUMENT, moment
        if not struck:
            break


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_load_or_a_close_struck_at_some_moment_leaves_the_other_guests_usable(executor: BrowserExecutor) -> None:
    other = load(executor, guest())
    for moment in moments(4):
        loaded: list[Instance] = []
        struck = struck_at(moment, lambda: loaded.append(load(executor, guest())))  # noqa: B023, it runs at once
        for instance in loaded:
            struck = struck_at(moment, instance.close) or struck
        assert other.dispatch(RUN, ARGUMENT) == ARGUMENT, moment
        if not struck:
            break


def test_a_page_that_crashes_is_a_trap_and_no_other_page_notices(executor: BrowserExecutor) -> None:
    victim, bystander = load(executor, guest(ENDLESS)), load(executor, guest())
    failures: list[Trap] = []

    def call() -> None:
        try:
            victim.dispatch(RUN, ARGUMENT)
        except Trap as trap:
            failures.append(trap)

    thread = threading.Thread(target=call)
    thread.start()
    crash_page(victim)
    thread.join()
    assert [trap.message for trap in failures] == ["its page crashed; what it held is lost"]
    with pytest.raises(Trap, match="its page crashed"):
        victim.dispatch(RUN, ARGUMENT)
    victim.close()
    assert bystander.dispatch(RUN, ARGUMENT) == ARGUMENT
    assert load(executor, guest()).dispatch(RUN, ARGUMENT) == ARGUMENT


def test_an_engine_restarts_a_module_whose_page_crashed_and_says_so(executor: BrowserExecutor) -> None:
    instances: list[DrivenInstance] = []

    class Recording(BrowserExecutor):
        def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
            instance = super().load(definition, host, limits)
            assert isinstance(instance, DrivenInstance)
            instances.append(instance)
            return instance

    with Engine(plugins=only(Recording)) as engine:
        engine.load_module(ModuleDefinition(HEADER, guest()))
        crash_page(instances[0])
        with pytest.raises(Trap) as caught:
            engine.dispatch(HEADER.id, RUN, ARGUMENT)
        assert str(caught.value) == "guest.run: its page crashed; what it held is lost; the module was restarted"
        assert engine.dispatch(HEADER.id, RUN, ARGUMENT) == ARGUMENT
        assert len(instances) == 2


def test_a_page_that_crashes_under_a_callback_is_a_trap(executor: BrowserExecutor) -> None:
    def crash(*_: bytes) -> bytes:
        crash_page(instance)
        return ANSWER

    instance = load(executor, guest(FORWARD + ENDLESS, imports=DISPATCH, rest=IDS), StubHost(on_dispatch=crash))
    with pytest.raises(Trap, match="its page crashed"):
        instance.dispatch(RUN, ARGUMENT)
