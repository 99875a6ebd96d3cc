"""Calls of a library in a process of its own, compared with what two processes take to exchange a byte."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Final

from arora_core import LoadedModule, Trap
from arora_core.conformance.guests import native_guest
from benchmarks.measure import Group, statement
from benchmarks.workbench import Workbench

EXECUTOR: Final = "native-isolated"
PIPES: Final = "a byte there and back"
_ANSWER: Final = "import os\nwhile os.read({read}, 1): os.write({write}, b'0')"


def isolated(bench: Workbench) -> Iterator[Group]:
    """A call and the floor under it; a crash, and the next call, which needs another process."""
    if EXECUTOR not in bench.executors:
        return
    calls = Group("isolated", "a typed call of a library in a process of its own", (PIPES,))
    module: Any = bench.load(bench.engine(), EXECUTOR)
    calls.add(statement(f"typed, {EXECUTOR}", "add(2, 3)", {"add": module["add"]}, expected=5))
    calls.add(statement(PIPES, "exchange()", {"exchange": _pipes(bench)}, expected=b"0"))
    yield calls
    crashes = Group("isolated-crash", "a crash of such a library, and its next call", ())
    guest = bench.engine().load_module(native_guest(own_process=True).definition(), executor=EXECUTOR)
    crashes.add(statement(f"crash and call, {EXECUTOR}", "crash()", {"crash": _crash(guest)}, expected=3))
    yield crashes


def _crash(guest: LoadedModule) -> Callable[[], int]:
    def crash() -> int:
        with suppress(Trap):
            guest.crash(0)
        return int(guest.add(1, 2))

    return crash


def _pipes(bench: Workbench) -> Callable[[], bytes]:
    """Return what exchanges a byte with another process, through two pipes."""
    (read, theirs), (answers, write) = os.pipe(), os.pipe()
    code = _ANSWER.format(read=answers, write=theirs)
    process = subprocess.Popen([sys.executable, "-I", "-c", code], pass_fds=[answers, theirs])
    os.close(answers)
    os.close(theirs)

    def end() -> None:
        os.close(write)
        process.wait()
        os.close(read)

    bench.stack.callback(end)

    def exchange() -> bytes:
        os.write(write, b"0")
        return os.read(read, 1)

    return exchange
