"""Guests in a real browser that Python drives. What holds for every executor is tested in ``tests/wasm``."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest
from arora_browser.driven import finding
from arora_browser.driven.instance import DrivenInstance
from arora_browser.executor import BrowserExecutor

from arora_core.errors import ExecutorUnavailable, LimitExceeded, Trap, TrapKind
from arora_core.executor import Capability, Limits
from tests.wasm.guests import (
    ANSWER,
    ARGUMENT,
    DISPATCH,
    ECHO,
    ENDLESS,
    FORWARD,
    IDS,
    RUN,
    Load,
    StubHost,
    Surprise,
    guest,
)

ROOT = Path(__file__).parents[3]
POLL_ONEOFF = '(import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))'
SLEEP = """(i64.store (i32.const 88) (i64.const {nanoseconds})) (i32.store (i32.const 80) (i32.const 1))
  (if (call $poll (i32.const 64) (i32.const 128) (i32.const 1) (i32.const 192)) (then unreachable))"""


@pytest.fixture(scope="module")
def executor(allow_root: None) -> Iterator[BrowserExecutor]:
    """One browser for all the tests that leave it alive."""
    executor = BrowserExecutor()
    yield executor
    executor.close()


class Alone(BrowserExecutor):
    """Started with a flag that means nothing here, so that it shares no browser with ``executor``."""

    flags = ("--lang=en-GB",)


def load(executor: BrowserExecutor, executable: bytes, host: StubHost | None = None, **limits: float) -> DrivenInstance:
    wanted = Limits(deadline=limits.get("deadline"))
    instance = Load(BrowserExecutor)(executable, host, wanted, executor)
    assert isinstance(instance, DrivenInstance)
    return instance


def crash_page(instance: DrivenInstance) -> None:
    page = instance._page
    page._thread.soon(lambda: page._task(page._session.send("Page.crash")))


def descendants(of: int) -> set[int]:
    """The processes below one, by what /proc says now."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = {of}
    while True:
        more = {pid for pid, parent in parents.items() if parent in found} | found
        if more == found:
            return found - {of}
        found = more


def kill(pids: list[int]) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def ended(pid: int, timeout: float = 20) -> bool:
    """Whether that process ends in time."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], timeout)[0])
    finally:
        os.close(handle)


def run_program(source: str, *, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    program = textwrap.dedent(source)
    return subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=timeout,
        cwd=ROOT,
        start_new_session=True,
    )


# What it is.


def test_it_declares_what_it_does() -> None:
    assert BrowserExecutor.capabilities == {Capability.TRAPS, Capability.OUTPUT, Capability.DEADLINE}


def test_importing_it_or_asking_what_it_lacks_does_not_import_playwright() -> None:
    done = run_program("""
        import sys
        import arora_browser.executor as e
        e.BrowserExecutor.unavailable()
        print([name for name in sys.modules if name.startswith(("playwright", "asyncio"))])
    """)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_a_missing_browser_is_said_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv(finding.BROWSER, raising=False)
    reason = BrowserExecutor.unavailable()
    assert reason is not None
    assert reason.startswith("no browser was found (looked for chromium, ")


def test_a_browser_that_is_named_and_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(finding.BROWSER, "/no/such/browser")
    reason = BrowserExecutor.unavailable()
    assert reason is not None
    assert "'/no/such/browser'" in reason


def test_a_missing_playwright_is_said_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "playwright", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "pip install 'arora-browser[playwright]'" in str(BrowserExecutor.unavailable())


def test_what_does_not_start_as_a_browser_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(finding.BROWSER, "/bin/false")
    with pytest.raises(ExecutorUnavailable, match="/bin/false does not start"):
        load(BrowserExecutor(), guest())


def test_a_browser_that_cannot_suspend_a_guest_is_unavailable() -> None:
    class Old(BrowserExecutor):
        flags = ("--js-flags=--jitless",)

    executor = Old()
    with pytest.raises(ExecutorUnavailable, match=r"has no WebAssembly\.Suspending"):
        load(executor, guest())
    executor.close()


# What guests do.


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


# Being stopped.


def test_a_deadline_stops_a_guest_that_sleeps_and_leaves_it_usable(executor: BrowserExecutor) -> None:
    asleep = f"(if (i32.eqz (i32.load8_u offset=5 (local.get 0))) (then {SLEEP.format(nanoseconds=10**18)})) {ECHO}"
    instance = load(executor, guest(asleep, imports=POLL_ONEOFF), deadline=0.2)
    with pytest.raises(LimitExceeded):
        instance.dispatch(RUN, ANSWER)
    assert instance.dispatch(RUN, ARGUMENT) == ARGUMENT


def test_a_guest_is_stopped_again_and_again(executor: BrowserExecutor) -> None:
    endless = f"(if (i32.eqz (i32.load8_u offset=5 (local.get 0))) (then {ENDLESS})) {ECHO}"
    instance = load(executor, guest(endless), deadline=0.05)
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


# Pages and browsers that die.


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
    assert [trap.message for trap in failures] == [
        "its page crashed; what it held is lost, load the module again",
    ]
    with pytest.raises(Trap, match="its page crashed"):
        victim.dispatch(RUN, ARGUMENT)
    victim.close()
    assert bystander.dispatch(RUN, ARGUMENT) == ARGUMENT
    assert load(executor, guest()).dispatch(RUN, ARGUMENT) == ARGUMENT


def test_a_page_that_crashes_under_a_callback_is_a_trap(executor: BrowserExecutor) -> None:
    def crash(*_: bytes) -> bytes:
        crash_page(instance)
        return ANSWER

    instance = load(executor, guest(FORWARD + ENDLESS, imports=DISPATCH, rest=IDS), StubHost(on_dispatch=crash))
    with pytest.raises(Trap, match="its page crashed"):
        instance.dispatch(RUN, ARGUMENT)


@pytest.mark.parametrize("victim", ["--remote-debugging", "run-driver"])
def test_a_browser_or_driver_that_dies_is_a_trap_and_the_next_load_starts_another(victim: str) -> None:
    executor = Alone()
    before = descendants(os.getpid())
    orphan = load(executor, guest(ENDLESS))
    started = descendants(os.getpid()) - before
    doomed = [pid for pid in started if victim.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()]
    assert doomed
    timer = threading.Timer(0.1, kill, [doomed])
    timer.start()
    with pytest.raises(Trap, match="what it held is lost, load the module again"):
        orphan.dispatch(RUN, ARGUMENT)
    timer.join()
    orphan.close()
    assert load(executor, guest()).dispatch(RUN, ARGUMENT) == ARGUMENT
    executor.close()
    assert all(ended(pid) for pid in started)


# The end.


def test_closing_leaves_no_process_and_no_thread() -> None:
    processes, threads = descendants(os.getpid()), set(threading.enumerate())
    executor = Alone()
    load(executor, guest()).dispatch(RUN, ARGUMENT)
    started = descendants(os.getpid()) - processes
    assert started
    executor.close()
    executor.close()
    assert all(ended(pid) for pid in started)
    assert [each for each in threading.enumerate() if each not in threads and "arora" in each.name] == []


def test_an_executor_and_instances_that_are_forgotten_leave_no_process() -> None:
    processes = descendants(os.getpid())
    function = load(Alone(), guest()).function(RUN)
    assert function(ARGUMENT) == ARGUMENT
    started = descendants(os.getpid()) - processes
    del function
    assert all(ended(pid) for pid in started)


# Browsers that are shared.


def test_executors_of_a_process_share_a_browser_until_the_last_is_closed() -> None:
    processes, threads = descendants(os.getpid()), {*threading.enumerate()}
    one, other = Alone(), Alone()
    kept, closed = load(one, guest()), load(other, guest())
    started = descendants(os.getpid()) - processes
    assert len([each for each in threading.enumerate() if each not in threads and each.name == "arora-browser"]) == 1
    other.close()
    with pytest.raises(Trap, match="its browser was closed"):
        closed.dispatch(RUN, ARGUMENT)
    assert kept.dispatch(RUN, ARGUMENT) == ARGUMENT
    assert load(other, guest()).dispatch(RUN, ARGUMENT) == ARGUMENT
    other.close()
    one.close()
    assert all(ended(pid) for pid in started)


def test_executors_that_ask_for_other_flags_share_no_browser(executor: BrowserExecutor) -> None:
    with_flags = Alone()
    one, other = load(executor, guest()), load(with_flags, guest())
    assert one._page._thread is not other._page._thread
    with_flags.close()


def test_a_guest_that_never_ends_keeps_no_other_executor_waiting(executor: BrowserExecutor) -> None:
    busy, ending = BrowserExecutor(), []
    endless = load(busy, guest(ENDLESS))

    def call() -> None:
        try:
            endless.dispatch(RUN, ARGUMENT)
        except Trap as trap:
            ending.append(trap.message)

    thread = threading.Thread(target=call)
    thread.start()
    assert load(executor, guest()).dispatch(RUN, ARGUMENT) == ARGUMENT
    busy.close()
    thread.join()
    assert ending == ["its browser was closed; what it held is lost, load the module again"]


PROGRAM = """
    import os, signal
    from arora_browser.executor import BrowserExecutor
    from tests.wasm.guests import *
    kept = []
    executor = BrowserExecutor()
    def load(body):
        kept.append(Load(BrowserExecutor)(guest(body), executor=executor))
        return kept[-1]
    print(load(ECHO).dispatch(RUN, ARGUMENT) == ARGUMENT, flush=True)
"""


def test_a_program_that_ends_without_closing_ends_and_leaves_no_process() -> None:
    done = run_program(
        PROGRAM
        + f"""
    import sys
    sys.path.insert(0, {str(Path(__file__).parent)!r})
    from pathlib import Path
    parents = {{}}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found = {{os.getpid()}}
    for _ in range(9):
        found |= {{pid for pid, parent in parents.items() if parent in found}}
    print(*(found - {{os.getpid()}}))
    """
    )
    said, pids = done.stdout.splitlines()
    assert (said, done.stderr, done.returncode) == ("True", "", 0)
    assert pids
    assert all(ended(int(pid)) for pid in pids.split())


def test_an_interrupt_of_the_terminal_ends_the_call_and_not_the_browser() -> None:
    done = run_program(
        PROGRAM
        + """
    endless = load(ENDLESS)
    import threading
    threading.Timer(0.3, lambda: os.killpg(0, signal.SIGINT)).start()
    try:
        endless.dispatch(RUN, ARGUMENT)
    except KeyboardInterrupt:
        print("interrupted")
    print(kept[0].dispatch(RUN, ARGUMENT) == ARGUMENT, load(ECHO).dispatch(RUN, ARGUMENT) == ARGUMENT)
    """
    )
    assert (done.stdout.split(), done.stderr) == (["True", "interrupted", "True", "True"], "")


def test_a_forked_process_starts_a_browser_of_its_own() -> None:
    done = run_program(
        PROGRAM
        + """
    child = os.fork()
    if not child:
        executor = BrowserExecutor()
        print(load(ECHO).dispatch(RUN, ARGUMENT) == ARGUMENT, flush=True)
        executor.close()
        os._exit(0)
    print(os.waitpid(child, 0)[1], kept[0].dispatch(RUN, ARGUMENT) == ARGUMENT)
    """
    )
    assert done.stdout.split() == ["True", "True", "0", "True"], done.stderr
