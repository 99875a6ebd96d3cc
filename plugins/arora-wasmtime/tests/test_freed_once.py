"""Objects of Wasmtime are deleted once, at whatever moment a signal's handler raises."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from arora_wasmtime.executor import WasmtimeExecutor

from arora_core.executor import Limits
from arora_core.wasm.alarm import Alarm
from arora_core.wasm.c_callbacks import Unwinding
from tests.public_calls import unchecked_calls_only
from tests.striking import struck_at
from tests.wasm.guests import ARGUMENT, RUN, Load, guest

# A finalizer may be struck too, and Python can only report that.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

EXECUTABLE = guest()
KINDS = ["wasmtime_store", "wasmtime_module", "wasmtime_linker", "wasmtime_instance_pre", "wasm_engine", "wasm_trap"]


@pytest.fixture
def deleted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int | None]]:
    """Return a list of all C objects that are deleted, which only seem to be: an address is used once."""
    from wasmtime import _ffi

    addresses: list[tuple[str, int | None]] = []

    def noting(kind: str) -> Callable[[Any], None]:
        return lambda pointer: addresses.append((kind, ctypes.cast(pointer, ctypes.c_void_p).value))

    for kind in KINDS:
        monkeypatch.setattr(_ffi, f"{kind}_delete", noting(kind))
    return addresses


@pytest.mark.parametrize("limits", [Limits(), Limits(deadline=60)], ids=["", "deadline"])
def test_closing_struck_at_any_moment_deletes_nothing_twice(
    deleted: list[tuple[str, int | None]], limits: Limits
) -> None:
    for moment in count():
        executor = WasmtimeExecutor()
        instance = Load(WasmtimeExecutor)(EXECUTABLE, executor=executor, limits=limits)
        struck = [struck_at(moment, instance.close), struck_at(moment, executor.close)]
        instance.close()
        executor.close()
        del instance, executor
        assert len(set(deleted)) == len(deleted), moment
        if not any(struck):
            break
    assert {kind for kind, _ in deleted} >= {"wasmtime_store", "wasm_engine"}


def test_the_spare_of_an_unwinding_is_discarded_once() -> None:
    discarded: list[int] = []

    def discard(spare: int) -> None:
        discarded.append(spare)

    for moment in count():
        unwinding = Unwinding(lambda moment=moment: moment + 1, discard)  # type: ignore[misc]
        struck = struck_at(moment, unwinding.close)
        unwinding.close()
        assert len(set(discarded)) == len(discarded), moment
        if not struck:
            break


def test_an_alarm_struck_at_any_moment_still_rings_and_closes() -> None:
    for moment in count():
        alarm = Alarm()
        rung: list[bool] = []

        def use(alarm: Alarm = alarm) -> None:
            alarm.set("early", 0.0, lambda: None)
            alarm.cancel("early")
            alarm.close()

        struck = struck_at(moment, use)
        alarm.set("late", 0.0, lambda rung=rung: rung.append(True))  # type: ignore[misc]
        while not rung:
            pass
        alarm.close()
        if not struck:
            break


@unchecked_calls_only
def test_a_guest_with_a_deadline_struck_at_any_moment_of_a_call_still_meets_it() -> None:
    instance = Load(WasmtimeExecutor)(EXECUTABLE, limits=Limits(deadline=60))
    for moment in count():
        if not struck_at(moment, lambda: instance.dispatch(RUN, ARGUMENT)):
            break
        assert not instance._meter._running, moment  # type: ignore[attr-defined]
