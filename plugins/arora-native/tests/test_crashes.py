"""What ends a worker: each end is an error of the call, and the next call meets a fresh one."""

from __future__ import annotations

import gc
import os
import re
import signal
import sys

import pytest
from arora_native.isolated.instance import IsolatedInstance

from arora_core.errors import LimitExceeded, LoadError, Trap, TrapKind
from arora_core.executor import Limits
from tests.native_libraries import ANSWER, ARGUMENT, RUN, StubHost, value

from .isolated_guests import Isolated, children_of, isolated, parent_of, worker_of

__all__ = ["isolated"]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers need Linux")


def trap_of(instance: IsolatedInstance) -> Trap:
    """Return the trap of a call that misbehaves, having seen that the next call meets a fresh guest."""
    assert value(instance.dispatch(RUN, ANSWER)) == 1
    with pytest.raises(Trap) as caught:
        instance.dispatch(RUN, ARGUMENT)
    assert caught.value.restarted
    assert instance.needs_restart
    assert value(instance.dispatch(RUN, ANSWER)) == 1
    assert not instance.needs_restart
    return caught.value


@pytest.mark.parametrize(
    ("misbehaviour", "kind", "message"),
    [
        ("*(volatile int *)16 = 1;", TrapKind.MEMORY_OUT_OF_BOUNDS, r"SIGSEGV .*at address 0x10 in run$"),
        ("abort();", TrapKind.UNREACHABLE, "SIGABRT"),
        ("__builtin_trap();", TrapKind.UNREACHABLE, "SIGILL|SIGTRAP"),
        ("exit(7);", TrapKind.EXIT, "exited with code 7"),
        ("_exit(300);", TrapKind.EXIT, "exited with code 44"),
        ("endless(1);", TrapKind.STACK_OVERFLOW, "SIGSEGV"),
        ("nowhere();", TrapKind.INDIRECT_CALL, "SIGSEGV"),
        ("raise(SIGTERM);", TrapKind.OTHER, "SIGTERM"),
        ("raise(SIGKILL);", TrapKind.OTHER, "SIGKILL"),
        ("raise(SIGSEGV);", TrapKind.MEMORY_OUT_OF_BOUNDS, "SIGSEGV"),
        ("void *volatile freed = malloc(64); free(freed); free(freed);", TrapKind.UNREACHABLE, "SIGABRT"),
        ("for (int fd = 3; fd < 4096; fd++) close(fd);", TrapKind.OTHER, "worker"),
    ],
    ids=lambda each: each if isinstance(each, str) and each.endswith(";") else "",
)
def test_the_end_of_a_worker_is_a_trap_and_the_next_call_meets_a_fresh_one(
    isolated: Isolated, misbehaviour: str, kind: TrapKind, message: str
) -> None:
    before = "#include <signal.h>\n#include <unistd.h>\nint endless(volatile int x) { return endless(x + 1) + x; }\n"
    before += "static void (*volatile nowhere)(void);\n"
    trap = trap_of(isolated(misbehaviour, before))
    assert trap.kind is kind, trap
    assert re.search(message, trap.message), trap


def test_a_trap_names_the_functions_that_were_running(isolated: Isolated) -> None:
    before = """__attribute__((noinline)) int inner(volatile int *at) { return *at + 1; }
      __attribute__((noinline)) int outer(volatile int *at) { return inner(at) + 1; }\n"""
    assert re.search("in inner < outer < run$", trap_of(isolated("return number(outer(0));", before)).message)


def test_what_a_guest_has_written_before_it_crashed_arrives(isolated: Isolated) -> None:
    before = "#include <stdio.h>\n"
    trap_of(isolated('puts("whole lines"); fputs("and errors", stderr); abort();', before))
    assert isolated.written == [(1, b"whole lines\n"), (2, b"and errors")]


def test_a_worker_that_is_killed_from_outside_while_it_is_idle_is_a_trap(isolated: Isolated) -> None:
    instance = isolated()
    instance.dispatch(RUN, ANSWER)
    os.kill(worker_of(instance), signal.SIGKILL)
    with pytest.raises(Trap, match="SIGKILL") as caught:
        instance.dispatch(RUN, ANSWER)
    assert caught.value.restarted
    assert value(instance.dispatch(RUN, ANSWER)) == 1


def test_a_crash_while_it_is_loaded_is_a_trap_of_loading(isolated: Isolated) -> None:
    with pytest.raises(Trap, match="SIGABRT") as caught:
        isolated("", "void abort(void);\n__attribute__((constructor)) static void start(void) { abort(); }\n")
    assert not caught.value.restarted


def test_a_start_without_an_end_is_stopped_at_the_deadline(isolated: Isolated) -> None:
    endless = "__attribute__((constructor)) static void start(void) { for (volatile int i = 0;; i++) {} }\n"
    with pytest.raises(LimitExceeded) as caught:
        isolated("", endless, limits=Limits(deadline=0.3))
    assert caught.value.limit == "deadline"


def test_memory_of_the_allocator_is_refused_beyond_the_limit(isolated: Isolated) -> None:
    body = "char *volatile more = malloc(64 << 20); return number(more != 0);"
    assert value(isolated(body, limits=Limits(memory=16 << 20)).dispatch(RUN, ARGUMENT)) == 0
    assert value(isolated(body).dispatch(RUN, ARGUMENT)) == 1


def test_an_outer_call_whose_worker_ends_in_a_nested_one_ends_as_well(isolated: Isolated) -> None:
    caught: list[Trap] = []

    def answer(module: bytes, function: bytes, argument: bytes) -> bytes:
        os.kill(worker_of(instance), signal.SIGKILL)
        with pytest.raises(Trap) as raised:
            instance.dispatch(RUN, ANSWER)
        caught.append(raised.value)
        # A fresh worker serves the host meanwhile.
        return instance.dispatch(RUN, ANSWER)

    instance = isolated("return forward(argument);", host=StubHost(on_dispatch=answer))
    with pytest.raises(Trap) as raised:
        instance.dispatch(RUN, ARGUMENT)
    assert [each.restarted for each in (*caught, raised.value)] == [True, True]


def test_an_exception_of_the_host_is_what_comes_out_though_the_worker_has_ended(isolated: Isolated) -> None:
    bug = LookupError("of the host")

    def fail(*_: bytes) -> bytes:
        os.kill(worker_of(instance), signal.SIGKILL)
        raise bug

    instance = isolated("return forward(argument);", host=StubHost(on_dispatch=fail))
    with pytest.raises((LookupError, Trap)) as raised:
        instance.dispatch(RUN, ARGUMENT)
    assert raised.value is bug or isinstance(raised.value, Trap)


def test_what_a_signals_handler_raises_ends_an_endless_call(isolated: Isolated) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    instance = isolated("for (volatile int i = 0;; i++) {}")
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(KeyboardInterrupt):
            instance.dispatch(RUN, ARGUMENT)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert instance.needs_restart
    assert value(instance.dispatch(RUN, ANSWER)) == 1


def test_a_hundred_crashes_leave_nothing_behind(isolated: Isolated) -> None:
    """``ARORA_SOAK_ROUNDS=1000`` makes it a thousand."""
    instance = isolated("abort();")
    template = parent_of(worker_of(instance))

    def state() -> tuple[int, int]:
        gc.collect()
        return len(os.listdir("/proc/self/fd")), len(children_of(template))

    def crash() -> None:
        with pytest.raises(Trap):
            instance.dispatch(RUN, ARGUMENT)
        instance.dispatch(RUN, ANSWER)

    crash()
    before = state()
    for _ in range(int(os.environ.get("ARORA_SOAK_ROUNDS", "100"))):
        crash()
    assert state() == before


def test_a_worker_ends_when_its_instance_is_closed(isolated: Isolated) -> None:
    instance = isolated()
    worker = worker_of(instance)
    instance.close()
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


def test_an_unknown_word_for_the_sandbox_is_refused(isolated: Isolated, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARORA_NATIVE_SANDBOX", "maybe")
    with pytest.raises(LoadError, match="ARORA_NATIVE_SANDBOX is 'maybe', expected on or off"):
        isolated()
