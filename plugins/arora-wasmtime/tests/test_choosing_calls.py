"""The choice between unchecked and public calls is made once and logged."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from arora_wasmtime.executor import WasmtimeExecutor

ROOT = Path(__file__).resolve().parents[3]
VARIABLE = "ARORA_WASMTIME_CALLS"

# Guests that call the host, trap, and exceed their limits; then prints how they were called.
WORK = """
import sys
from arora_core.errors import LimitExceeded, Trap
from arora_core.executor import Limits
from arora_wasmtime.executor import WasmtimeExecutor
from tests.wasm.guests import ARGUMENT, DISPATCH, ENDLESS, FORWARD, IDS, RUN, Load, guest

load = Load(WasmtimeExecutor)
said = [load(guest(FORWARD, imports=DISPATCH, rest=IDS)).dispatch(RUN, ARGUMENT) == ARGUMENT]
for body, limits in (("unreachable", None), (ENDLESS, Limits(deadline=0.02)), (ENDLESS, Limits(fuel=1000))):
    try:
        load(guest(body), limits=limits).dispatch(RUN, ARGUMENT)
    except (Trap, LimitExceeded) as error:
        said.append(error.message)
assert said == [
    True,
    "unreachable in run",
    "ran longer than its deadline of 0.02 s",
    "used up its 1000 units of fuel",
], said
print(*[way for way in ("unchecked", "public") if f"arora_wasmtime.{way}_calls" in sys.modules])
"""
DIFFERENT = """
import ctypes, wasmtime
wasmtime._ffi.dll.wasmtime_func_call_unchecked.argtypes = [ctypes.c_void_p]
"""
SHOW_LOG = "import logging; logging.basicConfig(level=logging.INFO, stream=sys.stdout, format='%(name)s: %(message)s')"


def run(program: str, *options: str, calls: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    if calls is not None:
        environment[VARIABLE] = calls
    command = [sys.executable, *options, "-c", dedent(program)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=ROOT, env=environment)


def test_calls_are_unchecked_by_default() -> None:
    done = run(WORK, "-W", "error")
    assert (done.stdout, done.stderr) == ("unchecked\n", "")


def test_with_a_release_that_differs_calls_are_public_and_one_warning_says_why_and_what_to_do() -> None:
    done = run(DIFFERENT + WORK)
    assert done.stdout == "public\n", done.stderr
    warning, _line = done.stderr.splitlines()
    _, said = warning.split("RuntimeWarning: ")
    assert said.startswith("guests are called through wasmtime-py's public classes, many times slower, because ")
    assert "declares wasmtime_func_call_unchecked as wasmtime_error*(void*), expected wasmtime_error*(" in said
    assert said.endswith("or accept it with ARORA_WASMTIME_CALLS=public")


def test_requested_public_calls_are_logged_without_a_warning() -> None:
    done = run(f"import sys; {SHOW_LOG}{WORK}", "-W", "error", calls="public")
    said = "arora.wasmtime: guests are called through wasmtime-py's public classes, as ARORA_WASMTIME_CALLS asks\n"
    assert (done.stdout, done.stderr) == (said + "public\n", "")


def test_an_empty_variable_counts_as_not_set() -> None:
    assert run(WORK, calls="").stdout == "unchecked\n"


def test_requested_unchecked_calls_that_are_not_possible_are_an_error() -> None:
    done = run(DIFFERENT + WORK, calls="unchecked")
    assert done.stderr.splitlines()[-1].startswith(
        "arora_core.errors.ExecutorUnavailable: ARORA_WASMTIME_CALLS asks for unchecked calls, but wasmtime-py "
    )


def test_an_unknown_choice_is_refused() -> None:
    done = run(WORK, calls="fast")
    assert done.stderr.splitlines()[-1] == (
        "arora_core.errors.ExecutorUnavailable: "
        "ARORA_WASMTIME_CALLS is 'fast', expected 'unchecked', 'public' or nothing"
    )


def test_an_unknown_choice_makes_the_executor_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "fast")
    assert str(WasmtimeExecutor.unavailable()).startswith("ARORA_WASMTIME_CALLS is 'fast', expected ")


def test_a_public_call_does_not_raise_the_exception_of_another_thread() -> None:
    # wasmtime-py keeps the last exception in a global, and the next trap in any thread takes it.
    done = run(
        """
        import threading, wasmtime
        from arora_core.errors import Trap
        from arora_wasmtime.executor import WasmtimeExecutor
        from tests.wasm.guests import ARGUMENT, RUN, Load, guest

        def leave_an_exception():
            try:
                raise ValueError("not yours")
            except ValueError as error:
                wasmtime._func.LAST_EXCEPTION = error

        instance = Load(WasmtimeExecutor)(guest("unreachable"))
        for _ in range(2):
            thread = threading.Thread(target=leave_an_exception)
            thread.start()
            thread.join()
            for _ in range(2):
                try:
                    instance.dispatch(RUN, ARGUMENT)
                except Trap as trap:
                    print(trap.kind.name, trap.message)
        """,
        calls="public",
    )
    lost = """OTHER crashed, but wasmtime-py reports another thread's exception instead: ValueError('not yours')"""
    assert done.stdout.splitlines() == [lost, "UNREACHABLE unreachable in run"] * 2, done.stderr


def test_a_public_call_leaves_no_exception_in_the_global_of_wasmtime_py() -> None:
    done = run(
        """
        import wasmtime
        from arora_wasmtime.executor import WasmtimeExecutor
        from tests.wasm.guests import ARGUMENT, DISPATCH, FORWARD, IDS, RUN, Load, StubHost, Surprise, guest

        def fail(*_):
            raise Surprise

        def look(*_):
            assert wasmtime._func.LAST_EXCEPTION is None
            return instance.dispatch(RUN, ARGUMENT)

        instance = Load(WasmtimeExecutor)(guest(FORWARD, imports=DISPATCH, rest=IDS), StubHost(on_dispatch=fail))
        outer = Load(WasmtimeExecutor)(guest(FORWARD, imports=DISPATCH, rest=IDS), StubHost(on_dispatch=look))
        for each in (instance, outer):
            try:
                each.dispatch(RUN, ARGUMENT)
            except Surprise:
                print(wasmtime._func.LAST_EXCEPTION)
        """,
        calls="public",
    )
    assert done.stdout.splitlines() == ["None", "None"], done.stderr


@pytest.mark.parametrize("calls", ["unchecked", "public"])
def test_a_guest_that_is_never_closed_does_not_crash_the_interpreter_as_it_shuts_down(calls: str) -> None:
    left_behind = """
    # Kept alive by a module that was imported before wasmtime, and so is torn down after it.
    import re
    re.kept = load(guest(FORWARD, imports=DISPATCH, rest=IDS))
    re.kept.dispatch(RUN, ARGUMENT)
    """
    done = run(WORK + dedent(left_behind), calls=calls)
    assert (done.returncode, done.stderr) == (0, "")
