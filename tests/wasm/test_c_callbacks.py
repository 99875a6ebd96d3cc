"""Signal handlers do not run on entering a callback, and this is checked on the running interpreter."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import FrameType

import pytest

from arora_core.wasm import c_callbacks

ROOT = Path(__file__).resolve().parents[2]
BEFORE_3_11 = pytest.mark.skipif(sys.version_info < (3, 11), reason="CPython 3.10 runs no handlers there")


def run(program: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *options, "-c", program]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=ROOT)


def test_the_check_passes_on_this_interpreter() -> None:
    done = run("from arora_core.wasm import c_callbacks; print(c_callbacks.unsafe())", "-W", "error")
    assert (done.stdout, done.stderr) == ("None\n", "")


@BEFORE_3_11
def test_the_check_fails_for_a_function_that_is_not_patched() -> None:
    done = run("from arora_core.wasm import c_callbacks; print(c_callbacks.unsafe(lambda function: None))")
    assert "signal handlers run before the first statement" in done.stdout


@BEFORE_3_11
def test_where_the_check_fails_a_warning_says_so_and_callbacks_work() -> None:
    # As on an interpreter whose functions do not begin with RESUME.
    done = run("""if True:
        import ctypes, dis
        dis.get_instructions = lambda code: []
        from arora_core.wasm.c_callbacks import Unwinding, c_callback
        pending = []
        for function in (lambda number: number + 1, lambda number: number / 0):
            callback = c_callback(function, pending, Unwinding(lambda: 7))
            print(ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(callback)(1), pending)
    """)
    assert done.stdout.splitlines() == ["2 []", "7 [ZeroDivisionError('division by zero')]"]
    warning, *_ = done.stderr.splitlines()
    assert warning.partition("RuntimeWarning: ")[2].endswith(
        "signal handlers run before the first statement of a function that a guest calls. "
        "One that raises at that moment, as Ctrl-C does, may end the process"
    )
    assert done.stderr.count("RuntimeWarning") == 1


def test_the_check_leaves_nothing_pending() -> None:
    for prepare in (c_callbacks._postpone_signals, lambda function: None) * 50:
        c_callbacks.unsafe(prepare)
        # A call would raise a pending exception.
        assert len(str(sum(range(10)))) == 2


def test_the_check_does_not_interrupt_a_debugger() -> None:
    def trace(frame: FrameType, event: str, argument: object) -> None:
        return None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        assert c_callbacks.unsafe() is None
        assert sys.gettrace() is trace
    finally:
        sys.settrace(before)
