"""Calls through the accelerator, where they go, and that they do what calls in Python do.

The tests of the engine and of Wasmtime run with it too.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arora_core import ArgumentError, Engine, EngineClosed, GuestError, Limits, LoadedModule, ModuleNotFound, Trap
from arora_core import values as v
from arora_core.conformance import wasm_guest
from arora_core.executor import RawEntry
from tests.public_calls import PUBLIC_CALLS

accelerator = pytest.importorskip("arora_accelerator", reason="no C compiler has compiled arora-accelerator")

pytestmark = pytest.mark.skipif(
    PUBLIC_CALLS or os.environ.get("ARORA_ACCELERATOR") == "off", reason="the accelerator is not used"
)


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine() as engine:
        yield engine


@pytest.fixture
def guest(engine: Engine) -> LoadedModule:
    return engine.load_module(wasm_guest().definition(), executor="wasmtime")


@pytest.fixture(scope="module")
def shared() -> Iterator[LoadedModule]:
    """The guest for tests that leave no trace in it."""
    with Engine() as engine:
        yield engine.load_module(wasm_guest().definition(), executor="wasmtime")


def entered_raw(function: Any, *arguments: object) -> bool:
    """Return whether a call does not run the Python code that makes calls."""
    codes = set()

    def note(frame: Any, event: str, argument: object) -> None:
        codes.add(frame.f_code.co_name)

    sys.setprofile(note)
    try:
        function(*arguments)
    finally:
        sys.setprofile(None)
    assert "note" not in codes
    return "enter" not in codes


def test_a_function_is_entered_without_python_from_the_second_call_on(guest: LoadedModule) -> None:
    assert [entered_raw(guest.add, 1, 2) for _ in range(3)] == [False, False, True]
    assert isinstance(guest["add"].__call__, accelerator.Call)


@pytest.mark.parametrize("limits", [Limits(fuel=1 << 40), Limits(result=100)], ids=["fuel", "result"])
def test_a_guest_with_limits_is_called_in_python(engine: Engine, limits: Limits) -> None:
    guest = engine.load_module(wasm_guest().definition(), executor="wasmtime", limits=limits)
    assert [entered_raw(guest.add, 1, 2) for _ in range(4)] == [False] * 4


def test_the_environment_can_turn_it_off(guest: LoadedModule, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARORA_ACCELERATOR", "off")
    assert [entered_raw(guest.add, 1, 2) for _ in range(4)] == [False] * 4


@given(a=st.integers(0, 2**32 - 1), b=st.integers(0, 2**32 - 1))
def test_a_call_returns_what_one_in_python_does(shared: LoadedModule, a: int, b: int) -> None:
    assert shared.add(a, b) == shared["add"]._call(a, b) == (a + b) % 2**32


@given(data=st.binary(max_size=2000))
def test_an_argument_or_result_of_any_size_comes_back(shared: LoadedModule, data: bytes) -> None:
    assert bytes(shared.echo_u8s(data)) == data


@pytest.mark.parametrize("gil", [True, False], ids=["with the GIL", "without the GIL"])
def test_a_process_without_the_gil_stays_so(gil: bool) -> None:
    # Loading the module would turn the GIL on there: CPython does so for what is not made for threads without it.
    program = f"""
import sys

sys._is_gil_enabled = lambda: {gil}
from arora_core import Engine
from arora_core.conformance import wasm_guest

with Engine() as engine:
    guest = engine.load_module(wasm_guest().definition(), executor="wasmtime")
    print([guest.add(1, 2) for _ in range(3)], "arora_accelerator" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == (f"[3, 3, 3] {gil}\n", "")


def test_a_call_by_name_or_with_fewer_arguments_is_made_in_python(guest: LoadedModule) -> None:
    assert guest.add(1, 2) == guest.add(1, 2) == guest.add(a=1, b=2) == guest.add(1, b=2) == 3
    with pytest.raises(ArgumentError, match="takes 2 arguments, got 3"):
        guest.add(1, 2, 3)


def test_an_argument_that_does_not_fit_is_refused_as_in_python(guest: LoadedModule) -> None:
    for _ in range(3):
        guest.add(1, 2)
    with pytest.raises(ArgumentError) as slow:
        guest["add"]._call(1, -1)
    with pytest.raises(ArgumentError) as fast:
        guest.add(1, -1)
    assert str(fast.value) == str(slow.value)
    assert guest.add(1, 2) == 3


def test_an_argument_is_read_once(guest: LoadedModule) -> None:
    class Number:
        read = 0

        def __index__(self) -> int:
            self.read += 1
            return 7

    for _ in range(3):
        guest.add(1, 2)
    number = Number()
    assert guest.add(number, 1) == 8
    assert number.read == 1


def test_an_error_of_the_guest_is_raised_with_its_context(guest: LoadedModule) -> None:
    for _ in range(4):
        with pytest.raises(GuestError, match="no luck") as caught:
            guest.fail("no luck")
        assert (caught.value.module, caught.value.function, caught.value.executor) == (
            "conformance",
            "fail",
            "wasmtime",
        )


def test_a_guest_goes_on_after_a_trap(guest: LoadedModule) -> None:
    for how in range(4):
        guest.add(1, 2)
        with pytest.raises(Trap) as caught:
            guest.crash(0)
        assert (caught.value.function, caught.value.executor) == ("crash", "wasmtime")
        assert guest.add(how, 2) == how + 2
    assert entered_raw(guest.add, 1, 2)


def test_after_a_restart_the_fresh_guest_is_entered(guest: LoadedModule) -> None:
    for round in range(3):
        assert [guest.count() for _ in range(4)] == [1, 2, 3, 4], round
        assert entered_raw(guest.count)
        guest.restart()


def test_an_exception_of_a_callable_comes_out(engine: Engine, guest: LoadedModule) -> None:
    class Surprise(Exception):
        pass

    raised = Surprise("of the callable")

    def fail() -> v.Value:
        raise raised

    good, bad = engine.register_callable(lambda: v.U8(guest.add(1, 2))), engine.register_callable(fail)
    for _ in range(4):
        assert guest.indirect(good)
        with pytest.raises(Surprise) as caught:
            guest.indirect(bad)
        assert caught.value is raised
    assert entered_raw(guest.add, 1, 2)


def test_an_unloaded_module_and_a_closed_engine_are_refused(engine: Engine, guest: LoadedModule) -> None:
    other = engine.load_module(wasm_guest().definition(1), executor="wasmtime")
    for _ in range(3):
        assert guest.add(1, 2) == other.add(1, 2) == 3
    engine.unload(guest)
    with pytest.raises(ModuleNotFound):
        guest.add(1, 2)
    assert other.add(1, 2) == 3
    engine.close()
    with pytest.raises(EngineClosed):
        other.add(1, 2)


def test_threads_take_turns(guest: LoadedModule) -> None:
    def work(_: int) -> None:
        for _ in range(2000):
            guest.count()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))
    assert guest.count() == 16_001


def test_threads_call_while_another_restarts_the_guest(guest: LoadedModule) -> None:
    done = threading.Event()

    def work(_: int) -> int:
        calls = 0
        while not done.is_set() or calls < 3:
            assert guest.add(1, 2) == 3
            calls += 1
        return calls

    with ThreadPoolExecutor(4) as threads:
        working = [threads.submit(work, index) for index in range(4)]
        for _ in range(20):
            guest.restart()
        done.set()
        assert all(each.result() for each in working)


def test_a_thread_whose_stack_is_too_small_is_refused_by_the_call(shared: LoadedModule) -> None:
    for _ in range(3):
        shared.add(1, 2)
    raised: list[BaseException] = []

    def call() -> None:
        try:
            shared.add(1, 2)
        except Exception as error:
            raised.append(error)

    # The GNU C library may give it the stack of an ended thread, of up to four times the size.
    before = threading.stack_size(256 << 10)
    try:
        thread = threading.Thread(target=call)
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()
    assert len(raised) == 1
    assert "of the thread's stack" in str(raised[0])


def test_a_function_that_is_not_used_any_more_is_deleted_with_its_engine() -> None:
    engine = Engine()
    guest = engine.load_module(wasm_guest().definition(), executor="wasmtime")
    for _ in range(3):
        guest.add(1, 2)
    alive = weakref.ref(engine)
    engine.close()
    del engine, guest
    gc.collect()
    assert alive() is None


def test_a_plugin_that_fails_to_tell_an_entry_loses_no_result(
    guest: LoadedModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    from arora_wasmtime.instance import WasmtimeInstance

    def fail(self: object, id: bytes) -> RawEntry:
        raise RuntimeError("broken")

    monkeypatch.setattr(WasmtimeInstance, "raw_entry", fail)
    assert [guest.add(1, 2) for _ in range(4)] == [3] * 4
