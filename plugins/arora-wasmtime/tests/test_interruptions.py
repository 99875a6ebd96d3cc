"""Interruptions at awkward moments: signals, finalizers, deadlines."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from types import FrameType
from typing import NoReturn

import pytest
from arora_wasmtime.executor import WasmtimeExecutor

from arora_core.errors import EngineClosed, LimitExceeded
from arora_core.executor import Limits, Transfer
from arora_core.guest_symbols import function_symbol
from arora_core.wasm.alarm import Alarm
from tests.wasm.guests import ALLOCATOR, ANSWER, ARGUMENT, BUSY, ECHO, ENDLESS, RUN, Load, guest, wat

ROOT = Path(__file__).resolve().parents[3]
METERED = Limits(fuel=1 << 62)


class Interrupted(BaseException):
    """Raised by a signal's handler."""


@pytest.fixture
def load() -> Load:
    return Load(WasmtimeExecutor)


@pytest.fixture
def alarm() -> Iterator[None]:
    """Make SIGALRM raise Interrupted."""

    def interrupt(number: int, frame: FrameType | None) -> NoReturn:
        raise Interrupted

    before = signal.signal(signal.SIGALRM, interrupt)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("limits", [Limits(), METERED])
def test_a_trap_that_a_signal_hid_does_not_appear_in_the_next_call(load: Load, alarm: None, limits: Limits) -> None:
    crash = "(if (i32.eqz (i32.load8_u offset=5 (local.get 0))) (then (call $busy) unreachable))"
    instance = load(guest(f"{crash} {ECHO}", rest=f"(func $busy {BUSY})"), limits=limits)
    instance.dispatch(RUN, ARGUMENT)
    signal.setitimer(signal.ITIMER_REAL, 0.02)
    with pytest.raises(Interrupted):
        instance.dispatch(RUN, ANSWER)
    assert [instance.dispatch(RUN, ARGUMENT) for _ in range(2)] == [ARGUMENT] * 2


FINALIZED = """
    import gc
    from arora_core import Engine
    from arora_core.errors import ModuleNotFound, EngineClosed
    from arora_core.executor import Limits
    from arora_core.header import ModuleDefinition
    from tests.wasm.guests import ARGUMENT, HEADER, RUN, guest

    said = set()

    class Robot:
        def __init__(self):
            self.engine = Engine()
            self.engine.load_module(ModuleDefinition(HEADER, guest()), executor="wasmtime", limits=Limits(fuel=FUEL))
            # A reference cycle with its engine.
            self.engine.register_callable(self.sense)
            self.engine.first = self if FIRST else None
            for _ in range(3):
                self.call()

        def sense(self):
            return None

        def call(self):
            return self.engine.dispatch(HEADER.id, RUN, ARGUMENT)

        def __del__(self):
            try:
                said.add(self.call() == ARGUMENT)
            except EngineClosed:
                said.add(True)

    for _ in range(20):
        Robot()
        gc.collect()
    print(said)
"""


@pytest.mark.parametrize("fuel", ["None", "1 << 62"])
@pytest.mark.parametrize("first", ["True", "False"])
def test_a_finalizer_may_call_a_module_that_is_garbage_itself(fuel: str, first: str) -> None:
    program = dedent(FINALIZED).replace("FUEL", fuel).replace("FIRST", first)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "{True}\n", "")


def test_a_deadline_may_be_longer_than_the_longest_possible_wait(load: Load) -> None:
    executor = WasmtimeExecutor()
    patient = load(guest(), limits=Limits(deadline=float("inf")), executor=executor)
    hasty = load(guest(ENDLESS), limits=Limits(deadline=0.3), executor=executor)
    assert patient.dispatch(RUN, ARGUMENT) == ARGUMENT
    with pytest.raises(LimitExceeded):
        hasty.dispatch(RUN, ARGUMENT)
    hasty.close()
    patient.close()
    executor.close()


def test_an_alarm_whose_thread_failed_to_start_starts_one_at_the_next_call(monkeypatch: pytest.MonkeyPatch) -> None:
    alarm, rung = Alarm(), []

    def refuse(run: object, arguments: object) -> NoReturn:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr("_thread.start_new_thread", refuse)
        with pytest.raises(RuntimeError):
            alarm.set("first", 0.0, lambda: rung.append("first"))
    alarm.set("second", 0.0, lambda: rung.append("second"))
    while "second" not in rung:
        pass
    alarm.close()


def test_a_call_that_fails_to_cancel_its_deadline_does_not_affect_the_next_one(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = load(guest(), limits=Limits(deadline=0.5))
    instance.dispatch(RUN, ARGUMENT)

    def strike(alarm: Alarm, key: object) -> NoReturn:
        raise Interrupted

    with monkeypatch.context() as patched:
        patched.setattr(Alarm, "cancel", strike)
        with pytest.raises(Interrupted):
            instance.dispatch(RUN, ARGUMENT)
    for _ in range(3):
        assert instance.dispatch(RUN, ARGUMENT) == ARGUMENT


@pytest.mark.parametrize("limits", [Limits(), METERED, Limits(deadline=10)])
def test_a_bound_function_of_a_closed_instance_says_so(load: Load, limits: Limits) -> None:
    instance = load(guest(), limits=limits)
    bound, transfer = instance.function(RUN), instance.transfer(RUN)
    instance.close()
    with pytest.raises(EngineClosed):
        bound(ARGUMENT)
    with pytest.raises(EngineClosed):
        transfer(Transfer([ARGUMENT], bytes))


def test_a_guest_with_little_memory_has_enough_for_its_calls(load: Load) -> None:
    begin = "(param $size i32) (result i32) (local $at i32)"
    little = "(if (i32.gt_u (local.get $size) (i32.const 1024)) (then (return (i32.const 0))))"
    symbol, allocator = function_symbol(RUN), ALLOCATOR.replace(begin, f"{begin} {little}")
    instance = load(wat(f'{allocator} (func (export "{symbol}") (param i32) (result i32) {ECHO})'))
    assert [instance.dispatch(RUN, ARGUMENT) for _ in range(3)] == [ARGUMENT] * 3
